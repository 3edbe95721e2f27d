/** The example of the docs, against a server. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { startServer } from '../../server/src/cli/server.ts';
import { resolveConfig } from '../../server/src/core/config.ts';
import { digitsFolder } from '../../server/test/support/digits.ts';

it('asks a server', async () => {
  const { root, remove } = await digitsFolder();
  const flags = {
    models: root,
    httpPort: 0,
    adminPort: 0,
    grpcPort: 'off',
    pollSeconds: 3600,
    cacheDir: join(root, '.cache'),
  };
  const server = await startServer(resolveConfig(flags, {}, {}), pino({ level: 'silent' }));
  try {
    const example = fileURLToPath(new URL('../../../examples/client/ask.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [example, server.http]);
    expect(stdout).toMatch(/^version 1 says \d \(miss/);
    expect(stdout).toContain('"label":"7"');
  } finally {
    await server.close();
    await remove();
  }
});
