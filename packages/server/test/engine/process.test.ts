/** How engines behave in a process of their own: its end, the fallback, and the compiled program. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { golden } from './models.ts';

const ENGINE = {
  source: new URL('../../src/engine/index.ts', import.meta.url).href,
  compiled: new URL('../../dist/engine/index.js', import.meta.url).href,
};
const WITHOUT_KOFFI = fileURLToPath(new URL('./fixtures/without-koffi.mjs', import.meta.url));

const run = promisify(execFile);

/** Runs a script that has `openEngine`, and gives what it printed. Fails unless the process ends by itself with code 0. */
async function script(engine: string, body: string, ...flags: string[]): Promise<string> {
  const program = `import { openEngine } from '${engine}';
    const feeds = new Map([['indices', { dtype: 'int64', shape: [1], data: BigInt64Array.of(3n) }]]);
    const gather = async (engine) => (await engine.open('${golden('gather')}', { intraOpThreads: 1 }));
    ${body}`;
  const { stdout } = await run(process.execPath, [...flags, '--input-type=module', '--eval', program], {
    timeout: 30_000,
  });
  return stdout.trim();
}

const ANSWER = `const session = await gather(engine);
  console.log(engine.name, (await session.run(feeds, ['y']))[0].data[0]);`;

it.each([
  ['onnxruntime', 'source'],
  ['onnxruntime', 'compiled'],
  ['worker', 'source'],
  ['worker', 'compiled'],
] as const)('the engine %s runs from its %s and the process ends once it is closed', async (kind, form) => {
  const out = await script(
    ENGINE[form],
    `const engine = await openEngine({ kind: '${kind}' }); ${ANSWER} await engine.close();`,
  );
  expect(out).toBe(`${kind} 30`);
});

it.runIf(process.platform === 'linux').each(['source', 'compiled'] as const)(
  'threads of low priority run from their %s, and idle ones that nobody closed do not keep the process',
  async (form) => {
    const body = `const engine = await openEngine({ kind: 'onnxruntime' }); const session = await gather(engine);
      console.log((await session.runBehind(feeds, ['y'])).results[0].data[0]);`;
    expect(await script(ENGINE[form], body)).toBe('30');
  },
);

it.each(['onnxruntime', 'worker'])('an idle engine %s that nobody closed does not keep the process', async (kind) => {
  const out = await script(ENGINE.source, `const engine = await openEngine({ kind: '${kind}' }); ${ANSWER}`);
  expect(out).toBe(`${kind} 30`);
});

it('auto is the C API where it works', async () => {
  const out = await script(
    ENGINE.source,
    `const engine = await openEngine({ kind: 'auto' }); ${ANSWER} await engine.close();`,
  );
  expect(out).toBe('onnxruntime 30');
});

it('auto falls back to the worker where it does not, and says why', async () => {
  const body = `const engine = await openEngine({ kind: 'auto', log: console.log }); ${ANSWER} await engine.close();`;
  const [log, answer] = (await script(ENGINE.source, body, '--import', WITHOUT_KOFFI)).split('\n');
  expect(log).toBe('falling back to the worker engine: koffi is not installed here');
  expect(answer).toBe('worker 30');
});

it.each(['onnxruntime', 'worker'])(
  'the engine %s reports to nobody and leaves nothing in the home folder',
  async (kind) => {
    const home = await mkdtemp(join(tmpdir(), 'floe-home-'));
    // Nothing of this environment, since the library keeps quiet by itself where it sees a CI.
    const program = `import { openEngine } from '${ENGINE.source}';
    const engine = await openEngine({ kind: '${kind}' });
    const session = await engine.open('${golden('gather')}', { intraOpThreads: 1 });
    const feeds = new Map([['indices', { dtype: 'int64', shape: [1], data: BigInt64Array.of(9n) }]]);
    for (let i = 0; i < 100; i++) await session.run(feeds, ['y']).catch(() => {});
    await engine.close();`;
    const args = ['--input-type=module', '--eval', program];
    await run(process.execPath, args, { timeout: 30_000, env: { HOME: home, XDG_CACHE_HOME: join(home, 'cache') } });
    expect(await readdir(home)).toEqual([]);
    await rm(home, { recursive: true });
  },
);
