import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { sql as query } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockFolder } from '../../src/sql/folder-lock.ts';
import { openSql } from '../../src/sql/open.ts';
import { sqlContract } from './contract.ts';
import { scratchEmbedded } from './scratch.ts';

describe('the embedded database', () => {
  sqlContract(scratchEmbedded);

  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'floe-sql-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const open = () => openSql(folder, { inContainer: false });

  it('keeps what it was told, from one opening to the next', async () => {
    const first = await open();
    await first.script('CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)');
    await first.close();
    const second = await open();
    expect((await query`SELECT n FROM kept`.execute(second.db)).rows).toEqual([{ n: 7 }]);
    await expect(open()).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: expect.stringContaining(`is in use by process ${process.pid}`),
    });
    await second.close();
  });

  it('is refused inside a container', async () => {
    await expect(openSql(folder, { inContainer: true })).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: expect.stringContaining('--sql postgres://'),
    });
  });

  it('whose files are damaged is a typed error, and its folder is free again', async () => {
    await (await open()).close();
    await writeFile(join(folder, 'data/global/pg_control'), 'garbage');
    await expect(open()).rejects.toMatchObject({ code: 'DATA_LOSS' });
    (await lockFolder(folder)).release();
  });
});

describe('a folder', () => {
  let folder: string;
  let child: ChildProcess | undefined;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'floe-lock-'));
  });
  afterEach(async () => {
    if (child?.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  it('that another process holds is refused by its number, and free once that one is killed', async () => {
    const source = new URL('../../src/sql/folder-lock.ts', import.meta.url).href;
    const script = `
      const { lockFolder } = await import('${source}');
      globalThis.lock = await lockFolder(${JSON.stringify(folder)});
      console.log('held');
      setInterval(() => {}, 1e6);`;
    child = spawn(execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data');
    await expect(lockFolder(folder)).rejects.toMatchObject({
      message: expect.stringContaining(`in use by process ${child.pid}`),
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
    const lock = await lockFolder(folder);
    expect(await readFile(join(folder, 'floe.pid'), 'utf8')).toBe(`${process.pid}\n`);
    lock.release();
  });
});

describe('a server', () => {
  it('that is none is UNAVAILABLE', async () => {
    await expect(openSql('postgres://127.0.0.1:1/none')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('whose URL is none is INVALID_ARGUMENT', async () => {
    await expect(openSql('postgres://[')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
