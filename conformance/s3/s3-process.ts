/** An S3 server of our own: versitygw over a scratch folder, on a free port, gone when the suite ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../bench/lib/ports.ts';

export const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'floe', AWS_SECRET_ACCESS_KEY: 'not-a-secret' };

/** PEM files. */
export interface Tls {
  readonly cert: string;
  readonly key: string;
}

export class S3Process {
  private readonly folder = mkdtempSync(join(tmpdir(), 'floe-s3-'));
  private child: ChildProcess | undefined;
  private readonly tls: Tls | undefined;
  port = 0;

  private constructor(tls?: Tls) {
    this.tls = tls;
  }

  static async start(tls?: Tls): Promise<S3Process> {
    const server = new S3Process(tls);
    server.port = await freePort();
    await server.run();
    return server;
  }

  get endpoint(): string {
    return `${this.tls === undefined ? 'http' : 'https'}://127.0.0.1:${this.port}`;
  }

  /** A new bucket; the URL of a store in it. */
  bucket(name: string, endpoint = this.endpoint): string {
    mkdirSync(join(this.folder, name), { recursive: true });
    return `s3://${name}/models?endpoint=${endpoint}`;
  }

  /** Starts it (again), and waits until it answers. */
  async run(): Promise<void> {
    const secure = this.tls === undefined ? [] : ['--cert', this.tls.cert, '--key', this.tls.key];
    const options = ['--port', `127.0.0.1:${this.port}`, '--quiet', ...secure, 'posix', this.folder];
    const environment = {
      ...process.env,
      ROOT_ACCESS_KEY: CREDENTIALS.AWS_ACCESS_KEY_ID,
      ROOT_SECRET_KEY: CREDENTIALS.AWS_SECRET_ACCESS_KEY,
    };
    this.child = spawn(process.env['VERSITYGW'] ?? 'versitygw', options, { stdio: 'ignore', env: environment });
    while (!(await this.answers())) {
      if (this.child.exitCode !== null) throw new Error(`versitygw ended with ${this.child.exitCode}`);
      await sleep(20);
    }
  }

  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Whether somebody listens. */
  private answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
  }
}
