import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VERSION } from '../../src/core/version.ts';
import { scanRoot } from '../../src/registry/scan.ts';
import { CHECKPOINT, EXAMPLE } from '../support/digits.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const FREEZE = ['freeze', CHECKPOINT, '--name', 'digits', '--outputs', 'probs,klass', '--set', 'keep_prob=1'];

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'floe-cli-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function floe(
  args: readonly string[],
  meanwhile?: (kill: (signal: NodeJS.Signals) => void, out: string) => void,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: root,
      env: { ...process.env, FLOE_CACHE_DIR: root, FLOE_PYTHON: '/nowhere/python', ...env },
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (text) => {
      out += text;
      meanwhile?.((signal) => child.kill(signal), out);
    });
    child.stderr.on('data', (text) => (err += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

const BLANK = Array.from({ length: 28 }, () => Array.from({ length: 28 }, () => [0]));

/** A server of what is frozen, while somebody asks it; then it is told to end. */
async function serving(ask: (url: string) => Promise<Ended>): Promise<[asked: Ended, served: Ended]> {
  const asked = Promise.withResolvers<Ended>();
  let isAsking = false;
  const flags = ['serve', '--models', root, '--http-port', '0', '--admin-port', '0', '--grpc-port', '0', '--json'];
  const served = await floe(flags, (kill, out) => {
    if (isAsking || !out.includes('\n')) return;
    isAsking = true;
    const { http } = JSON.parse(out) as { http: string };
    asked.resolve(ask(http).finally(() => kill('SIGTERM')));
  });
  return [await asked.promise, served];
}

describe('floe check', () => {
  it('runs a model on made-up inputs and says that TensorFlow was not there to compare with', async () => {
    const { code, out } = await floe(['check', CHECKPOINT, '--outputs', 'probs,klass', '--set', 'keep_prob=1']);
    expect(code).toBe(0);
    expect(out).toContain('runs on x float32[2,28,28,1]');
    expect(out).toContain('not compared with TensorFlow');
  });

  it('names the nodes that will not run', async () => {
    const file = join(root, 'graph.pbtxt');
    await writeFile(
      file,
      'node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } } node { name: "y" op: "MyOwnOp" input: "x" }',
    );
    const { code, out } = await floe(['check', file, '--outputs', 'y', '--json']);
    expect(code).toBe(65);
    expect(JSON.parse(out)).toMatchObject({
      verdict: 'fails',
      signatures: [{ problems: [{ op: 'MyOwnOp', nodes: ['y'] }], trial: null, answers: null }],
    });
  });

  it('does not put up with a named Python that has no TensorFlow', async () => {
    const { code, err } = await floe(['check', CHECKPOINT, '--outputs', 'probs', '--python', '/nowhere/python']);
    expect(code).toBe(66);
    expect(err).toContain('/nowhere/python is no Python with TensorFlow');
  });
});

describe('floe freeze', () => {
  it('numbers versions by itself and says what it made, as JSON too', async () => {
    expect(await floe([...FREEZE, '--models', root])).toMatchObject({
      code: 0,
      out: expect.stringContaining('rows are independent'),
    });
    const { code, out } = await floe([...FREEZE, '--models', root, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      folder: join(root, 'digits/2'),
      manifest: { version: 2, labels: expect.any(Array) },
    });
  });

  it('never overwrites a version', async () => {
    await floe([...FREEZE, '--models', root, '--version', '1']);
    const again = await floe([...FREEZE, '--models', root, '--version', '1', '--json']);
    expect(again.code).toBe(73);
    expect(JSON.parse(again.err)).toMatchObject({ error: { code: 'ALREADY_EXISTS' } });
  });

  it('that is killed at any moment leaves nothing that a server would load', async () => {
    for (const milliseconds of [0, 120, 180, 240, 300, 360]) {
      const child = spawn(process.execPath, [MAIN, ...FREEZE, '--models', root]);
      const killer = setTimeout(() => child.kill('SIGKILL'), milliseconds);
      const code = await new Promise((resolve) => child.on('close', resolve));
      clearTimeout(killer);
      const whole = (await scanRoot(root)).get('digits')?.length ?? 0;
      if (code !== 0)
        expect(whole === 0 || (await readdir(join(root, 'digits', String(whole)))).includes('compiled')).toBe(true);
    }
  });

  const refused: [string, string[], number, RegExp][] = [
    ['a source that is not there', ['freeze', '/nowhere', '--models', '.', '--name', 'm'], 66, /\/nowhere/],
    ['a name that is no model name', ['freeze', CHECKPOINT, '--models', '.', '--name', '../m'], 64, /is no model name/],
    ['a checkpoint without outputs', ['freeze', CHECKPOINT, '--models', '.', '--name', 'm'], 64, /outputs/],
    [
      'an output that is not in the graph',
      ['freeze', CHECKPOINT, '--models', '.', '--name', 'm', '--outputs', 'prob'],
      64,
      /prob.*probs/s,
    ],
    [
      'a placeholder without a value',
      ['freeze', CHECKPOINT, '--models', '.', '--name', 'm', '--inputs', 'x', '--outputs', 'probs'],
      64,
      /keep_prob/,
    ],
    ['a setting without a value', [...FREEZE.slice(0, -1), 'keep_prob', '--models', '.'], 64, /name=value/],
    ['a missing option', ['freeze', CHECKPOINT, '--name', 'm'], 64, /--models/],
    ['an unknown command', ['serv'], 64, /unknown command.*serve/s],
  ];
  for (const [what, args, code, message] of refused) {
    it(`refuses ${what}`, async () => {
      const ended = await floe(args);
      expect(ended.err).toMatch(message);
      expect(ended.code).toBe(code);
      expect(await scanRoot(root)).toEqual(new Map());
    });
  }
});

describe('floe inspect', () => {
  it('tells the ops of a checkpoint and of its frozen form', async () => {
    await floe([...FREEZE, '--models', root]);
    const source = JSON.parse((await floe(['inspect', CHECKPOINT, '--json'])).out) as {
      nodes: number;
      variables: number;
    };
    const frozen = JSON.parse((await floe(['inspect', join(root, 'digits/1'), '--json'])).out) as {
      nodes: number;
      variables: number;
    };
    expect(source.variables).toBeGreaterThan(0);
    expect(frozen).toMatchObject({
      variables: 0,
      checkpoint: { globalStep: 1500, format: 'meta-graph' },
      manifest: { version: 1 },
    });
    expect(frozen.nodes).toBeLessThan(source.nodes);
  });
});

describe('floe containerize', () => {
  const bake = (...args: readonly string[]) =>
    floe(['containerize', ...args, '--context-only', join(root, 'context'), '--json']);

  it('takes a frozen version, a models folder and a source of any format, and leaves them frozen and compiled', async () => {
    await floe([...FREEZE, '--models', join(root, 'models')]);
    const source = [CHECKPOINT, '--name', 'digits', '--outputs', 'probs', '--set', 'keep_prob=1'];
    for (const args of [[join(root, 'models/digits/1')], [join(root, 'models')], source]) {
      const { code, out } = await bake(...args);
      expect([code, JSON.parse(out)]).toMatchObject([0, { models: [{ model: 'digits', version: 1 }] }]);
      expect(await readFile(join(root, 'context/Dockerfile'), 'utf8')).toBe(
        `FROM floe:${VERSION}\nLABEL floe.models="digits/1"\nCOPY models /models\n`,
      );
      expect(await readdir(join(root, 'context/models/digits/1/compiled'))).toHaveLength(1);
      await rm(join(root, 'context'), { recursive: true });
    }
  });

  it('compiles what is not compiled yet', async () => {
    await floe([...FREEZE, '--models', join(root, 'models')]);
    await rm(join(root, 'models/digits/1/compiled'), { recursive: true });
    expect((await bake(join(root, 'models'))).code).toBe(0);
    expect(await readdir(join(root, 'context/models/digits/1/compiled'))).toHaveLength(1);
  });

  it.each([
    ['a source without a name', [CHECKPOINT], 64, '--name'],
    ['a model that is not there', ['nowhere', '--name', 'x'], 66, 'nowhere'],
  ])('refuses %s, and leaves nothing', async (_what, args, code, says) => {
    const refused = await bake(...args);
    expect([refused.code, refused.err]).toEqual([code, expect.stringContaining(says)]);
    expect(await readdir(root)).not.toContain('context');
  });

  it('says that there is no docker', async () => {
    await floe([...FREEZE, '--models', join(root, 'models')]);
    const { code, err } = await floe(['containerize', join(root, 'models')], undefined, { PATH: '/nowhere' });
    expect([code, err]).toEqual([69, expect.stringContaining('docker is not on the PATH')]);
  });
});

describe('floe serve and predict', () => {
  it('go together, and SIGTERM drains', async () => {
    await floe([...FREEZE, '--models', root]);
    const [asked, served] = await serving((url) =>
      floe(['predict', 'digits', '--image', join(EXAMPLE, 'images/7-a.png'), '--url', url]),
    );
    expect(JSON.parse(asked.out)).toMatchObject({ predictions: [{ label: '7' }] });
    expect(served.code).toBe(0);
    expect(served.err).toContain('drained');
  });

  it('leave behind what they have learned of costs, which inspect shows', async () => {
    await floe([...FREEZE, '--models', root]);
    const inspect = ['inspect', join(root, 'digits/1')];
    expect(JSON.parse((await floe([...inspect, '--json'])).out)).toMatchObject({ costs: {} });
    await writeFile(join(root, 'rows.json'), JSON.stringify({ instances: Array.from({ length: 64 }, () => BLANK) }));
    await serving((url) => floe(['predict', 'digits', '--json', join(root, 'rows.json'), '--url', url]));
    const { costs } = JSON.parse((await floe([...inspect, '--json'])).out);
    expect(costs).toMatchObject({ serving_default: [{ shape: 'float32[28,28,1]', runs: expect.any(Number) }] });
    const shown = / here serving_default takes [\d.]+ ms \+ [\d.]+ ms a row of float32\[28,28,1\].*; \d+ runs/;
    expect((await floe(inspect)).out).toMatch(shown);
  });

  it('name a wrong option where it was written', async () => {
    await writeFile(join(root, 'floe.yaml'), 'swap: maybe\n');
    const { code, err } = await floe(['serve', '--models', root]);
    expect(err).toContain('floe.yaml: swap');
    expect(code).toBe(64);
  });
});

describe('floe demo', () => {
  // In words it is run as the README says.
  it('walks the whole road, and ends in what it measured', { timeout: 900_000 }, async () => {
    const { code, out, err } = await floe(['demo', '--http-port', '0', '--json']);
    expect([code, err]).toEqual([0, '']);
    const said = JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as Record<string, number> & { accuracy: number[] };
    expect(said).toMatchObject({
      holdout: { n: 1996, right: 1959 },
      cache: [0.79, 0.8, 0.8, 0.86, 0.86].map((accuracy) => ({ accuracy, version: '1' })),
      order: [{ policy: 'size-first' }, { policy: 'fifo' }],
      versions: [1, 2, 3],
      cache_entries_ended: 40,
      failed_requests: 0,
    });
    const [before = 1, between = 0, after = 0] = said.accuracy;
    expect([before < 0.8, between >= 0.8, after >= 0.9]).toEqual([true, true, true]);
    expect(said['cache_opened_at']).toBe(between);
    expect(said['cache_hits']).toBeGreaterThan(100);
    expect(said['answered']).toBeGreaterThan(3000);
  });
});
