/** `docs/admin.md`: the routes are those that there are, and each question that it shows is answered by a server as shown. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { type RunningServer, startServer } from '../../src/cli/server.ts';
import { resolveConfig } from '../../src/core/config.ts';
import { digitsFolder, holdout } from '../support/digits.ts';

const read = (path: string): string => readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');
const text = read('docs/admin.md');
const EXAMPLE = /^```http\n([A-Z]+) (\S+)\n(.*?)^```\n(?:\n```json\n(.*?)^```)?/gms;

test('it lists every path of the admin API, and no other', () => {
  const listed = new Set([...text.matchAll(/^\| `[A-Z]+ (\/\S+)`/gm)].map(([, path]) => path));
  const files = ['admin', 'admin-jobs', 'admin-releases'].map(
    (name) => `packages/server/src/transport/http/${name}.ts`,
  );
  const source = files.map(read).join('\n');
  const served = [...source.matchAll(/'(\/admin\/[^']*)'/g)].map(([, path = '']) => path.replace(/:(\w+)/g, '{$1}'));
  expect(listed).toEqual(new Set(served));
});

test('a server answers each question as shown', async () => {
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
    await inferOnce(server);
    const asked = [...text.matchAll(EXAMPLE)];
    expect(asked).toHaveLength(9);
    for (const [, method = '', path = '', body = '', shown] of asked) {
      const url = `${server.admin}${path}`;
      const response = await fetch(url, { method, ...(body.trim() === '' ? {} : { body }) });
      const answer: unknown = await response.json();
      if (shown === undefined) expect([path, response.status]).toEqual([path, 200]);
      else expect([path, formOf(answer)]).toEqual([path, formOf(JSON.parse(shown))]);
    }
  } finally {
    await server.close();
    await remove();
  }
});

/** Enough rows to be scheduled, at an accuracy after which there is another milestone. */
async function inferOnce(server: RunningServer): Promise<void> {
  await fetch(`${server.admin}/admin/models/digits/versions/1/accuracy`, { method: 'PUT', body: '{"accuracy": 0.91}' });
  const { images } = await holdout(64);
  const inputs = [{ name: 'x', datatype: 'FP32', shape: images.shape, data: [...(images.data as Float32Array)] }];
  const url = `${server.http}/v2/models/digits/infer`;
  const headers = { 'x-request-id': 'r-17' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ inputs }) });
  expect(await response.json()).toMatchObject({ model_name: 'digits' });
}

/** Members and their types; of a list its first entry. */
function formOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(formOf);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, formOf(member)]));
}
