/** What the demo shows of the cache, asked of a server in this process, which is left as it was. */
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { showOpening } from '../../src/cli/demo/opening.ts';
import { startServer } from '../../src/cli/server.ts';
import { resolveConfig } from '../../src/core/config.ts';
import { digitsFolder } from '../support/digits.ts';

it('opens the cache at 80 %, ends an answer at 85 %, and takes its statements back', async () => {
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
    const lines: string[] = [];
    const steps = await showOpening(server, (line) => lines.push(line));
    expect(steps.map(({ accuracy, cache }) => [accuracy, cache])).toEqual([
      [0.79, 'bypass; closed: accuracy 0.79 is below 0.8'],
      [0.8, 'miss; no answer is stored'],
      [0.8, 'hit; computed by version 1'],
      [0.86, 'miss; ended: the model has reached 0.85'],
      [0.86, 'hit; computed by version 1'],
    ]);
    expect(lines.join()).toMatch(/0\.86 +1 {2}miss; ended: the model has reached 0\.85/);
    const url = `${server.http}/v1/models/digits:predict`;
    await fetch(url, { method: 'POST', body: JSON.stringify({ instances: [BLANK] }) });
    const { requests } = (await (await fetch(`${server.admin}/admin/requests`)).json()) as {
      requests: object[];
    };
    expect(requests[0]).toMatchObject({ notes: { cache: { accuracy: 0.9815 } } });
  } finally {
    await server.close();
    await remove();
  }
});

const BLANK = Array.from({ length: 28 }, () => Array.from({ length: 28 }, () => [0]));
