/** A real process that writes a version's folder and is told to end while it does. */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'floe-signals-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const source = (path: string): string => new URL(`../../dist/${path}`, import.meta.url).href;

const WRITER = `
  const { cleaningUp } = await import(${JSON.stringify(source('cli/signals.js'))});
  const { createWhole, discardUnfinished } = await import(${JSON.stringify(source('store/new-folder.js'))});
  const stop = cleaningUp(process, discardUnfinished);
  await createWhole(process.argv[1] + '/1', async (hidden) => {
    await hidden.write('half', [new Uint8Array(10)]);
    process.stdout.write('half');
    await new Promise((resolve) => process.stdin.on('data', resolve));
  });
  stop();
  process.stdout.write('whole');
  process.stdin.on('data', () => {});
`;

/** What is left when the writer, having said `at`, gets `signal`; and how it ended. */
async function interruptedAt(at: string, signal: NodeJS.Signals): Promise<{ ended: unknown; left: readonly string[] }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', WRITER, root]);
  const ended = new Promise((resolve) => child.on('close', (code, by) => resolve(by ?? code)));
  let said = '';
  child.stdout.on('data', (text: Buffer) => {
    said += text;
    if (said.endsWith(at)) child.kill(signal);
    else child.stdin.write('go on');
  });
  return { ended: await ended, left: await readdir(root) };
}

it.each(['SIGINT', 'SIGTERM'] as const)('half a folder is gone after %s, of which the process dies', async (signal) => {
  expect(await interruptedAt('half', signal)).toEqual({ ended: signal, left: [] });
});

it('a whole folder stays', async () => {
  expect(await interruptedAt('whole', 'SIGINT')).toEqual({ ended: 'SIGINT', left: ['1'] });
});
