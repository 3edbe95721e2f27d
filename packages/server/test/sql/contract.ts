/** What rooms build upon, on whichever database. */
import { type Kysely, sql as query } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Migrations, migrate } from '../../src/sql/migrate.ts';
import type { Scratch } from './scratch.ts';

export function sqlContract(open: () => Promise<Scratch>): void {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await open();
  });
  afterAll(() => scratch.remove());

  const create = (statement: string) => async (db: Kysely<unknown>) => void (await query.raw(statement).execute(db));

  it('runs a script of several statements and gives all their rows', async () => {
    const rows = await scratch.sql.script(
      'CREATE TEMPORARY TABLE a (n int); INSERT INTO a VALUES (1), (2) RETURNING n; SELECT 3 AS n',
    );
    expect(rows).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  });

  it('is as it was after a script that failed within a transaction', async () => {
    await expect(scratch.sql.script('BEGIN; SELECT 1 / 0; COMMIT')).rejects.toThrow(/division by zero/);
    expect(await scratch.sql.script('SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });

  it('keeps what is in a transaction from scripts beside it', async () => {
    await scratch.sql.script('CREATE TABLE beside (n int)');
    const other = await scratch.sql.db.transaction().execute(async (tx) => {
      await query`INSERT INTO beside VALUES (1)`.execute(tx);
      return { seeing: scratch.sql.script('SELECT count(*)::int AS n FROM beside') };
    });
    expect([{ n: 0 }, { n: 1 }]).toContainEqual((await other.seeing)[0]);
  });

  it('tells of what is notified', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const end = await scratch.sql.listen('suite', resolve, () => {});
    await query`SELECT pg_notify('suite', 'hello')`.execute(scratch.sql.db);
    expect(await promise).toBe('hello');
    await end();
  });

  it('runs migrations once and in order, whoever else starts at the same time', async () => {
    const steps: Migrations = {
      '1': create('CREATE TABLE floe.thing (n int)'),
      '2': create('INSERT INTO floe.thing VALUES (1)'),
    };
    await Promise.all([1, 2, 3].map(() => migrate(scratch.sql, 'thing', steps)));
    await migrate(scratch.sql, 'thing', { ...steps, '3': create('INSERT INTO floe.thing VALUES (2)') });
    expect(await scratch.sql.script('SELECT n FROM floe.thing ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it('undoes a migration that fails, and runs it the next time', async () => {
    const failing: Migrations = {
      '1': async (db) => {
        await create('CREATE TABLE floe.half (n int)')(db);
        throw new Error('the disk is full');
      },
    };
    await expect(migrate(scratch.sql, 'half', failing)).rejects.toThrow('the disk is full');
    await migrate(scratch.sql, 'half', { '1': create('CREATE TABLE floe.half (n int)') });
  });

  it('refuses tables that a newer Floe has made', async () => {
    const newer: Migrations = { '1': async () => {}, '2': async () => {} };
    await migrate(scratch.sql, 'newer', newer);
    await expect(migrate(scratch.sql, 'newer', { '1': async () => {} })).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: expect.stringContaining('newer Floe'),
    });
  });
}
