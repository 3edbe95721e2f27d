import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readConfig } from '../../src/cli/config-file.ts';
import { LiveConfig } from '../../src/cli/live-config.ts';
import type { ServeConfig } from '../../src/core/config.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'floe-config-'));
  file = join(folder, 'floe.yaml');
});
afterEach(() => rm(folder, { recursive: true }));

describe('options from files that the environment names', () => {
  it('are what is in them, without the end of the line', async () => {
    await writeFile(join(folder, 'sql'), 'postgres://floe:secret@db/floe\n');
    await writeFile(file, 'models: /models\n');
    const config = await readConfig({}, { FLOE_SQL_FILE: join(folder, 'sql') }, file);
    expect(config.sql).toBe('postgres://floe:secret@db/floe');
  });

  it.each([
    ['that is not there', { FLOE_SQL_FILE: '/nowhere/sql' }, 'NOT_FOUND', /FLOE_SQL_FILE: \/nowhere\/sql/],
    ['beside a value', { FLOE_SQL_FILE: '/x', FLOE_SQL: 'y' }, 'INVALID_ARGUMENT', /FLOE_SQL and FLOE_SQL_FILE/],
  ])('are refused by name: one %s', async (_what, environment, code, message) => {
    await writeFile(file, 'models: /models\n');
    const reading = readConfig({}, environment, file);
    await expect(reading).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});

describe('a configuration that changes while the server runs', () => {
  async function started(text: string, flags: Record<string, unknown> = {}) {
    await writeFile(file, text);
    const adapt = vi.fn<(config: ServeConfig) => void>();
    const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn(), level: 'info' };
    const config = await readConfig(flags, {}, file);
    const live = new LiveConfig({ config, flags, file, adapt, log });
    const change = async (now: string): Promise<void> => {
      await writeFile(file, now);
      await live.reload();
    };
    return { adapt, log, change };
  }

  it('has its policies taken over', async () => {
    const { adapt, log, change } = await started('models: /models\n');
    await change('models: /models\ncacheOpen: 0.7\npolicy: fifo\nlogLevel: warn\n');
    expect(adapt).toHaveBeenCalledOnce();
    expect(adapt.mock.lastCall?.[0]).toMatchObject({ cacheOpen: 0.7, policy: 'fifo', models: '/models' });
    expect(log.level).toBe('warn');
    await change('models: /models\ncacheOpen: 0.7\npolicy: fifo\nlogLevel: warn\n# a remark\n');
    expect(adapt).toHaveBeenCalledOnce();
  });

  it('says of all else that it takes a new start', async () => {
    const { adapt, log, change } = await started('models: /models\n');
    await change('models: /others\nslots: 3\n');
    expect(adapt).not.toHaveBeenCalled();
    expect(log.warn).toHaveBeenCalledWith({ options: ['models', 'slots'] }, expect.any(String));
  });

  it('stays as it was where the file is wrong', async () => {
    const { adapt, log, change } = await started('models: /models\n');
    await change('models: /models\ncacheOpen: 2\n');
    expect(adapt).not.toHaveBeenCalled();
    expect(log.error).toHaveBeenCalledOnce();
  });

  it('does not win over a flag', async () => {
    const { adapt, change } = await started('models: /models\n', { policy: 'fifo' });
    await change('models: /models\npolicy: size-first\n');
    expect(adapt).not.toHaveBeenCalled();
  });
});
