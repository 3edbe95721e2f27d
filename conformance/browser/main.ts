/** What `conformance/browser/run` judges; see there. */
import { hash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { pino } from 'pino';
import { Checks } from '../../deploy/e2e/road/checks.ts';
import { freezeVersion } from '../../packages/server/dist/build/freeze-version.js';
import { startServer } from '../../packages/server/dist/cli/server.js';
import { resolveConfig } from '../../packages/server/dist/core/config.js';
import { parseNpy } from '../../packages/server/dist/store/npy.js';
import { again, feedback, type Given, infer, late, predict, refused, wrong } from './page.ts';
import { openSite } from './site.ts';

const EXAMPLE = new URL('../../examples/digits/', import.meta.url);
const KEYS = { key: 'of-a-page', slowKey: 'of-a-slow-page' } as const;
const checks = new Checks();

/** The first seven of the holdout set, and a picture of another. */
async function question(floe: string, site: string): Promise<Given> {
  const read = async (name: string) => parseNpy(await readFile(new URL(name, EXAMPLE)), name);
  const [images, labels] = await Promise.all([read('holdout-images.npy'), read('holdout-labels.npy')]);
  const seven = Array.from(labels.data as Uint8Array).indexOf(7);
  const pixels = Array.from(
    (images.data as Uint8Array).subarray(seven * 784, (seven + 1) * 784),
    (value) => value / 255,
  );
  const png = (await readFile(new URL('images/7-a.png', EXAMPLE))).toString('base64');
  return { pixels, png, site, module: '/client/index.js', floe, ...KEYS };
}

async function writeKeys(path: string): Promise<void> {
  const keyOf = (caller: string, key: string) => ({
    caller,
    sha256: hash('sha256', key),
    scopes: ['infer', 'feedback'],
  });
  const keys = [keyOf('page', KEYS.key), { ...keyOf('slow page', KEYS.slowKey), requestsPerSecond: 1 }];
  await writeFile(path, JSON.stringify({ keys }));
}

/** A Floe that pages of one origin may ask, with a key. */
async function withFloe(corsOrigins: string, work: (address: string) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'floe-browser-'));
  const source = new URL('model.ckpt-1500.meta', EXAMPLE).pathname;
  await freezeVersion({ source, root, name: 'digits', outputs: ['probs', 'klass'], set: { keep_prob: '1' } });
  const keys = join(root, '.keys.json');
  await writeKeys(keys);
  const ports = { httpPort: 0, adminPort: 0, grpcPort: 'off' };
  const folders = { models: root, cacheDir: join(root, '.cache'), sql: join(root, '.sql') };
  const config = resolveConfig({ ...folders, ...ports, keys, corsOrigins }, {}, {});
  const server = await startServer(config, pino({ level: 'silent' }), { inContainer: false });
  try {
    await work(server.http);
  } finally {
    await server.close();
    await rm(root, { recursive: true });
  }
}

/** As much of a page as is used here. */
interface Page {
  goto(url: string): Promise<unknown>;
  evaluate<T>(work: (given: Given) => T | Promise<T>, given: Given): Promise<T>;
}

async function withPage(work: (page: Page, version: string) => Promise<void>): Promise<void> {
  const driver = pathToFileURL(join(process.env['FLOE_BROWSER'] ?? '', 'node_modules/playwright-core/index.mjs')).href;
  const { chromium } = await import(driver);
  // Its own sandbox does not run as root.
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  try {
    await work(await browser.newPage(), browser.version());
  } finally {
    await browser.close();
  }
}

async function judge<T>(
  name: string,
  page: Page,
  work: (given: Given) => Promise<T>,
  asked: Given,
  right: (found: T) => boolean,
) {
  const found = await page.evaluate(work, asked).catch((error: Error) => error);
  const passed = !(found instanceof Error) && right(found);
  checks.that(name, passed, passed ? '' : found instanceof Error ? found.message : JSON.stringify(found));
}

async function judgeAll(page: Page, asked: Given): Promise<void> {
  await judge(
    'it infers with tensors as bytes, with headers of its own, and reads those of the answer',
    page,
    infer,
    asked,
    (found) =>
      isDeepStrictEqual(found, {
        ...{ klass: '7', dtype: 'INT64', probs: [1, 10], version: '1' },
        ...{ requestId: 'of-the-page', cache: 'bypass; no-store' },
      }),
  );
  await judge('it predicts from JSON and from a picture', page, predict, asked, ({ numbers, picture }) => {
    const [[number], [image]] = [numbers as { klass: number }[], picture as { label: string }[]];
    return number?.klass === 7 && image?.label === '7';
  });
  await judge(
    'it says what would have been right',
    page,
    feedback,
    asked,
    ({ requestId, ...found }) => requestId !== '' && isDeepStrictEqual(found, { version: 1, rows: 1, right: 1 }),
  );
  await judge('it asks again where it was refused, after as long as it is told to wait', page, again, asked, (found) =>
    isDeepStrictEqual(found, { version: '1', refused: ['RESOURCE_EXHAUSTED', 429, 1] }),
  );
  await judge('its time ends, and so does a call that is cancelled', page, late, asked, (found) =>
    isDeepStrictEqual(found, ['DEADLINE_EXCEEDED', 'CANCELLED']),
  );
  await judge('an error is of its class, with code, status, words and request id', page, wrong, asked, (found) =>
    isDeepStrictEqual(found, [
      ['NOT_FOUND', 404, "Request for unknown model: 'none' is not found", true],
      ['UNAUTHENTICATED', 401, 'an API key is needed: Authorization: Bearer <key>', true],
    ]),
  );
}

const [site, stranger] = await Promise.all([openSite(), openSite()]);
try {
  await withFloe(site.address, async (floe) => {
    const asked = await question(floe, site.address);
    await withPage(async (page, version) => {
      process.stdout.write(`Chromium ${version}\n`);
      await page.goto(site.address);
      await judgeAll(page, asked);
      await page.goto(stranger.address);
      await judge('a page of an origin that is not allowed reads nothing', page, refused, asked, (found) =>
        isDeepStrictEqual(found, { inference: ['UNAVAILABLE', undefined], page: 'TypeError' }),
      );
    });
  });
} finally {
  await Promise.all([site.close(), stranger.close()]);
}
process.stdout.write(`${checks.passed} passed, ${checks.failed} failed\n`);
process.exitCode = checks.failed === 0 ? 0 : 1;
