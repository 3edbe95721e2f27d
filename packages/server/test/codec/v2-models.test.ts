/** What Triton's extensions say of a model, where its clients go by it. */
import { describe, expect, it, test } from 'vitest';
import { modelConfig, modelStatistics } from '../../src/codec/v2-rest/models.ts';
import { type Specs, servable, specs } from './fixture.ts';

function configOf(inputs: Specs, outputs: Specs) {
  const signature = { methodName: 'tensorflow/serving/predict', inputs: specs(inputs), outputs: specs(outputs) };
  return modelConfig(servable({}, { signatures: { serving_default: signature } }), [3]);
}

describe('the largest batch', () => {
  const rows: Specs = { y: ['float32', [-1, 10]] };

  test.each<[string, Specs, Specs, number]>([
    ['of small rows', { x: ['float32', [-1, 2]] }, rows, 1024],
    ['is what goes into half of a body', { x: ['float32', [-1, 512, 512, 3]] }, rows, 10],
    ['counts all inputs', { a: ['float32', [-1, 512, 512, 3]], b: ['float32', [-1, 512, 512, 3]] }, rows, 5],
    ['is one row at least', { x: ['float32', [-1, 4096, 4096, 3]] }, rows, 1],
    ['takes open dimensions and texts as 1', { x: ['string', [-1, -1]] }, rows, 1024],
    ['is none where an input has a fixed size', { x: ['float32', [1, 2]] }, rows, 0],
    ['is none where an output has no rows', { x: ['float32', [-1, 2]] }, { y: ['float32', []] }, 0],
    ['is none where a row has no dimensions', { x: ['string', [-1]] }, rows, 0],
    ['is none of an unknown rank', { x: ['float32', null] }, rows, 0],
    ['is none without inputs', {}, rows, 0],
  ])('%s', (_, inputs, outputs, most) => {
    expect(configOf(inputs, outputs).max_batch_size).toBe(most);
  });

  it('is in no shape of the configuration, and without it shapes are whole', () => {
    expect(configOf({ x: ['float32', [-1, 2]] }, rows)).toMatchObject({
      input: [{ dims: [2] }],
      output: [{ dims: [10] }],
    });
    expect(configOf({ x: ['string', [-1]] }, rows)).toMatchObject({
      input: [{ dims: [-1] }],
      output: [{ dims: [-1, 10] }],
    });
  });
});

test('statistics count preparing with each run', () => {
  const none = { count: 0, seconds: 0 };
  const infer = { count: 3, seconds: 0.5 };
  const counted = { success: infer, fail: none, queue: infer, infer, cacheHit: none, cacheMiss: none };
  expect(modelStatistics({ model: 'm', version: 1, lastAnswer: 0, ...counted }).inference_stats).toMatchObject({
    compute_input: { count: 3, ns: 0 },
    compute_infer: { count: 3, ns: 5e8 },
    compute_output: { count: 3, ns: 0 },
  });
});
