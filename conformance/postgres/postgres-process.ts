/**
 * A PostgreSQL server of our own: on a socket in a scratch folder, gone when the suite ends. It refuses to run as root, so there it runs as
 * the user that Debian's package made.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const PACKAGES = '/usr/lib/postgresql';

export class PostgresProcess {
  private readonly folder = mkdtempSync(join(tmpdir(), 'floe-pg-'));
  private readonly bin = binaries();
  private readonly user = process.getuid?.() === 0 ? userOf('postgres') : undefined;
  private child: ChildProcess | undefined;

  /** Makes an empty cluster and starts it. */
  static async start(): Promise<PostgresProcess> {
    const server = new PostgresProcess();
    if (server.user !== undefined) chownSync(server.folder, server.user.uid, server.user.gid);
    const options = [
      '--pgdata',
      server.data,
      '--username',
      'floe',
      '--auth',
      'trust',
      '--encoding',
      'UTF8',
      '--no-sync',
    ];
    execFileSync(join(server.bin, 'initdb'), options, { ...server.user, stdio: 'ignore', cwd: server.folder });
    await server.run();
    return server;
  }

  /** Of the database that every cluster has. */
  get url(): string {
    return `postgres://floe@${encodeURIComponent(this.folder)}/postgres`;
  }

  /** Starts it (again) and waits until it takes connections. */
  async run(): Promise<void> {
    const options = ['-D', this.data, '-k', this.folder, '-c', 'listen_addresses=', '-c', 'max_connections=100'];
    this.child = spawn(join(this.bin, 'postgres'), options, { ...this.user, stdio: 'ignore', cwd: this.folder });
    while (!(await this.answers())) await sleep(20);
  }

  /** As a power cut would, but for what the system still writes: no process of it is left. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
    // Its children notice by themselves that it is gone; none may be left when it is started again.
    while (isRunning(this.data)) await sleep(20);
  }

  /** An empty database of its own, in the same server. */
  async database(name: string): Promise<string> {
    const client = new pg.Client(this.url);
    await client.connect();
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
    await client.end();
    return this.url.replace(/postgres$/, name);
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private get data(): string {
    return join(this.folder, 'data');
  }

  private async answers(): Promise<boolean> {
    const client = new pg.Client(this.url);
    client.on('error', () => {});
    try {
      await client.connect();
      await client.end();
      return true;
    } catch {
      return false;
    }
  }
}

/** Of the newest version that is installed. */
function binaries(): string {
  const [newest] = readdirSync(PACKAGES).sort((a, b) => Number(b) - Number(a));
  return join(PACKAGES, newest ?? '', 'bin');
}

function userOf(name: string): { uid: number; gid: number } {
  const entry = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`${name}:`));
  const [, , uid, gid] = (entry ?? '').split(':').map(Number);
  return { uid: uid ?? 0, gid: gid ?? 0 };
}

/** Whether a process works in the cluster's folder, where all of a server's are. */
function isRunning(folder: string): boolean {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.some((pid) => workingFolderOf(pid) === folder);
}

function workingFolderOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}
