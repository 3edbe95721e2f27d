/**
 * What a hit of the output cache costs, how much of it is the digest of its call, and what encoding its answer would cost, which is why
 * replies are kept in the form in which they were sent: `tools/run node bench/cache-hit.ts`, half a minute. Each figure is the least of
 * several turns: what else runs on the machine only adds to it.
 */
import type { Tensor } from '@floe/graph/base';
import { AccuracyBook } from '../packages/server/src/cache/accuracy-book.ts';
import { contractOf } from '../packages/server/src/cache/contract.ts';
import { DEFAULT_POLICY } from '../packages/server/src/cache/gate.ts';
import { keyOf } from '../packages/server/src/cache/key.ts';
import { OutputCache } from '../packages/server/src/cache/output-cache.ts';
import { DEFAULT_VERIFY } from '../packages/server/src/cache/verification.ts';
import { encodePredict } from '../packages/server/src/codec/tfs-rest/encode.ts';
import { v2RestCodec } from '../packages/server/src/codec/v2-rest/codec.ts';
import { type EncodedForm, ownBuffer } from '../packages/server/src/core/encoded-form.ts';
import type { KnownCall, ServableInfo } from '../packages/server/src/core/inference.ts';
import { plainTerms } from '../packages/server/src/core/terms.ts';
import { inTurns } from './lib/stats.ts';

const REPEATS = 7;
const BUDGET_MS = 150;
const NOBODY_LEAVES = new AbortController().signal;

const servable: ServableInfo = {
  model: 'digits',
  version: 1,
  signatures: {
    serving_default: {
      inputs: { x: { name: 'x:0', dtype: 'float32', shape: [-1, -1] } },
      outputs: { y: { name: 'y:0', dtype: 'float32', shape: [-1, -1] } },
      methodName: 'tensorflow/serving/predict',
    },
  },
  defaultSignature: 'serving_default',
  labels: [],
  preprocessing: {},
  metadata: {},
  deterministic: true,
};

function floats(...shape: number[]): Tensor {
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.fround(Math.sin(i)));
  return { dtype: 'float32', shape, data };
}

/** Microseconds of one `act`, after a run to warm it up. */
function cost(act: () => unknown): number {
  for (let i = 0; i < 50; i++) act();
  let runs = 0;
  const started = performance.now();
  while (performance.now() - started < BUDGET_MS) for (let i = 0; i < 20; i++, runs++) act();
  return ((performance.now() - started) / runs) * 1000;
}

async function hit(elements: number): Promise<void> {
  const accuracy = new AccuracyBook();
  accuracy.fromManifest('digits', 1, 0.9);
  const cache = new OutputCache({ policy: DEFAULT_POLICY, verify: DEFAULT_VERIFY, limitBytes: 2 ** 26, accuracy });
  const call: KnownCall = { inputs: new Map([['x', floats(1, elements)]]) };
  const context = { servable, ref: { name: 'digits' }, isStable: true };
  const terms = plainTerms(NOBODY_LEAVES);
  const compute = async () => [{ name: 'y', tensor: floats(1, 4) }];
  await cache.answer(call, context, terms, compute);
  const contract = contractOf(servable, call);
  const parts = { model: 'digits', epoch: 0, contract: contract.digest, scope: undefined, outputs: ['y'] };
  const { digest, answer } = await inTurns(REPEATS, {
    digest: async () => cost(() => keyOf(call, parts)),
    answer: async () => cost(() => cache.answer(call, context, terms, compute)),
  });
  if (terms.notes.cache?.state !== 'hit') throw new Error('not a hit');
  row(`hit, ${4 * elements} bytes`, Math.min(...answer), `${Math.min(...digest).toFixed(2)} of it the digest`);
}

/** An answer of so many floats, encoded anew and kept. */
async function reply(elements: number): Promise<void> {
  const accuracy = new AccuracyBook();
  accuracy.fromManifest('digits', 1, 0.9);
  const cache = new OutputCache({ policy: DEFAULT_POLICY, verify: DEFAULT_VERIFY, limitBytes: 2 ** 26, accuracy });
  const call: KnownCall = { inputs: new Map([['x', floats(1, 16)]]) };
  const context = { servable, ref: { name: 'digits' }, isStable: true };
  const ask = () =>
    cache.answer(call, context, plainTerms(NOBODY_LEAVES), async () => [{ name: 'y', tensor: floats(1, elements) }]);
  await ask();
  const cached = await ask();
  const { outputs } = cached;
  const form: EncodedForm<Buffer> = { id: 'row', own: (made) => ({ reply: ownBuffer(made), bytes: made.length }) };
  const { v2, tfs, kept } = await inTurns(REPEATS, {
    v2: async () => cost(() => v2RestCodec.encode({ servable, version: 1, call, outputs }, { body: Buffer.alloc(0) })),
    tfs: async () => cost(() => encodePredict(outputs, 'row')),
    kept: async () => cost(() => cache.reply(cached, form, () => encodePredict(outputs, 'row'))),
  });
  row(`reply of ${elements} floats, V2 JSON`, Math.min(...v2));
  row(`reply of ${elements} floats, TensorFlow Serving JSON`, Math.min(...tfs));
  row(`reply of ${elements} floats, kept`, Math.min(...kept));
}

function row(name: string, microseconds: number, remark = ''): void {
  console.log(`${name.padEnd(44)} ${microseconds.toFixed(2).padStart(9)} us   ${remark}`);
}

for (const elements of [16, 250, 150_528]) await hit(elements);
for (const elements of [4, 1000]) await reply(elements);
