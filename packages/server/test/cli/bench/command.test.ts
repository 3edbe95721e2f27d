/** The whole load test against a real server with a real model. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTest } from '../../../src/cli/bench/load-test.ts';
import { benchOptions } from '../../../src/cli/bench/options.ts';
import type { Report } from '../../../src/cli/bench/report.ts';
import { type RunningServer, startServer } from '../../../src/cli/server.ts';
import { resolveConfig } from '../../../src/core/config.ts';
import { digitsFolder, type ModelsFolder } from '../../support/digits.ts';

const MAIN = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

let folder: ModelsFolder;
let server: RunningServer;
let scratch: string;

beforeAll(async () => {
  folder = await digitsFolder();
  scratch = await mkdtemp(join(tmpdir(), 'floe-bench-'));
  const options = {
    models: folder.root,
    httpPort: 0,
    adminPort: 0,
    grpcPort: 'off',
    pollSeconds: 3600,
    cacheDir: join(folder.root, '.cache'),
  };
  server = await startServer(resolveConfig(options, {}, {}), pino({ level: 'silent' }));
});
afterAll(async () => {
  await server?.close();
  await folder.remove();
  await rm(scratch, { recursive: true });
});

const goOn = new AbortController().signal;
const BASE = { model: 'digits', protocol: 'v2', seed: 1 };

async function report(options: Record<string, unknown>, url = server.http): Promise<Report> {
  return (await loadTest(benchOptions(url, { ...BASE, ...options }), goOn)).report;
}

describe('a load test', () => {
  it.each([
    ['v2', false],
    ['v2', true],
    ['tfs', false],
  ])('asks in %s (as bytes: %s) for as many rows as each class has', async (protocol, binary) => {
    const result = await report({ protocol, binary, requests: 40, concurrency: 4, mix: 'small=1:0.5,large=5:0.5' });
    expect(result).toMatchObject({ answers: 40, errors: {}, classes: [{ name: 'small' }, { name: 'large' }] });
    expect(result.classes.map(({ answers }) => answers > 0)).toEqual([true, true]);
    expect(result.classes.reduce((sum, { answers }) => sum + answers, 0)).toBe(40);
  });

  it('sends in open loop, and says what CPU time the server took', async () => {
    const result = await report({ requests: 40, rate: 1000, pid: process.pid });
    expect(result).toMatchObject({ answers: 40, errors: {}, load: { rate: 1000, seed: 1 } });
    expect(result.cpu?.seconds).toBeGreaterThanOrEqual(0);
  });

  it('sends a file, and counts answers that are errors by their status', async () => {
    const body = join(scratch, 'body.json');
    await writeFile(body, '{"instances": [[1]]}');
    expect(await report({ protocol: 'tfs', body, requests: 3 })).toMatchObject({ answers: 0, errors: { 400: 3 } });
  });

  it.each([
    ['no such model', { model: 'nope' }, 'NOT_FOUND'],
    ['a body that is not there', { body: '/nowhere/body.json' }, 'NOT_FOUND'],
    ['no such process', { pid: 2 ** 30 }, 'NOT_FOUND'],
    ['an input that the model has not', { shape: ['z:1'] }, 'INVALID_ARGUMENT'],
  ])('refuses %s', async (_, options, code) => {
    await expect(report({ requests: 1, ...options })).rejects.toMatchObject({ code });
  });

  it('says that no server answers', async () => {
    const once = createServer();
    await new Promise<void>((resolve) => once.listen(0, '127.0.0.1', resolve));
    const { port } = once.address() as AddressInfo;
    await new Promise((resolve) => once.close(resolve));
    await expect(report({}, `http://127.0.0.1:${port}`)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

/** Runs the command as a process of its own; `child` is told about it while it runs. */
function floeBench(args: readonly string[], child: (running: ChildProcess) => void = () => {}) {
  const running = spawn(process.execPath, [MAIN, 'bench', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  child(running);
  let out = '';
  running.stdout.on('data', (text) => (out += text));
  return new Promise<{ code: number | null; out: string }>((resolve) => {
    running.on('close', (code) => resolve({ code, out }));
  });
}

describe('the command', () => {
  it.each(['svg', 'html'])('prints its figures and writes its plot as %s', async (kind) => {
    const plot = join(scratch, `plot.${kind}`);
    const { code, out } = await floeBench([server.http, '--model', 'digits', '--requests', '5', '--plot', plot]);
    expect([code, out]).toEqual([0, expect.stringContaining('errors: none')]);
    expect(await readFile(plot, 'utf8')).toContain('<svg');
  });

  it('ends on SIGINT with what it has', async () => {
    let [asked, running] = [0, undefined as ChildProcess | undefined];
    const slow = createServer((request, response) => {
      if (request.method === 'GET') response.end('{"inputs": [{"name": "x", "datatype": "FP32", "shape": [-1]}]}');
      else if (++asked === 1) response.end('{}');
      else running?.kill('SIGINT');
    });
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(slow.address() as AddressInfo).port}`;
    const args = [url, '--model', 'm', '--concurrency', '1', '--duration', '3600', '--json'];
    const { code, out } = await floeBench(args, (child) => {
      running = child;
    });
    expect(JSON.parse(out)).toMatchObject({ answers: 1, errors: {} });
    expect(code).toBe(0);
    await new Promise((resolve) => slow.close(resolve));
  });

  it.each([
    ['a plot of another kind', 'http://127.0.0.1:1', { plot: 'plot.png' }],
    ['what is no URL', 'digits', {}],
    ['a URL of something else', 'redis://127.0.0.1', {}],
    ['a shape that cannot be read', 'http://127.0.0.1:1', { shape: ['x'] }],
    ['bytes in a protocol without them', 'http://127.0.0.1:1', { protocol: 'tfs', binary: true }],
    ['a mix that cannot be read', 'http://127.0.0.1:1', { mix: 'small' }],
  ])('refuses %s', (_, url, options) => {
    expect(() => benchOptions(url, { ...BASE, ...options })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});
