/** What the tests of a command have: a folder and digits to serve, anew for each, and the server that it started. All are gone after it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach } from 'vitest';
import { type RunningServer, startServer } from '../../src/cli/server.ts';
import type { Place } from '../../src/cli/serving.ts';
import { resolveConfig } from '../../src/core/config.ts';
import { digitsFolder, type ModelsFolder } from './digits.ts';

export const LOG = pino({ level: 'silent' });

export class ServerSuite {
  folder = '';
  models!: ModelsFolder;
  server: RunningServer | undefined;

  /** On this machine alone; it looks for models when it is told to. */
  async start(options: Record<string, unknown>, place?: Place): Promise<RunningServer> {
    const own = { host: '127.0.0.1', adminPort: 0, pollSeconds: 3600, cacheDir: join(this.folder, 'cache') };
    this.server = await startServer(resolveConfig({ ...options, ...own }, {}, {}), LOG, place);
    return this.server;
  }
}

/** Call it where the tests of a file begin. */
export function serverSuite(): ServerSuite {
  const suite = new ServerSuite();
  beforeEach(async () => {
    suite.folder = await mkdtemp(join(tmpdir(), 'floe-suite-'));
    suite.models = await digitsFolder();
  });
  afterEach(async () => {
    await suite.server?.close();
    suite.server = undefined;
    await suite.models.remove();
    await rm(suite.folder, { recursive: true });
  });
  return suite;
}
