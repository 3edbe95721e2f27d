import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lastWords } from '../../src/cli/last-words.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'floe-words-'));
  file = join(folder, 'termination-log');
});
afterEach(() => rm(folder, { recursive: true }));

it('leaves one line where there is a file for it', async () => {
  await writeFile(file, '');
  lastWords('floe: two\n  lines', file);
  expect(await readFile(file, 'utf8')).toBe('floe: two lines\n');
});

it('is no longer than what is read of it', async () => {
  await writeFile(file, '');
  lastWords('é'.repeat(5000), file);
  expect((await readFile(file)).length).toBe(4096);
});

it('makes no file', () => {
  lastWords('nobody asks', file);
  expect(existsSync(file)).toBe(false);
});
