import { zeros } from '@floe/graph';
import { describe, expect, it } from 'vitest';
import { type RunCall, resolveCall as resolve, signatureNames } from '../../src/servable/resolve.ts';

const spec = (name: string) => ({ name, dtype: 'float32' as const, shape: [-1, 4] });
const signature = signatureNames('serving_default', {
  inputs: { image: spec('x:0'), mask: spec('m:0') },
  outputs: { scores: spec('probs:0') },
  methodName: 'tensorflow/serving/predict',
});
const resolveCall = (call: RunCall) => resolve(call, signature);
const t = zeros('float32', [1, 4]);

describe('names of a request', () => {
  it('are signature keys first', () => {
    const call = resolveCall({
      inputs: new Map([
        ['image', t],
        ['mask', t],
      ]),
    });
    expect(call.isSignature).toBe(true);
    expect([...call.feeds.keys()]).toEqual(['x:0', 'm:0']);
    expect(call.names).toEqual(['scores']);
    expect(call.fetches).toEqual(['probs:0']);
  });

  it('are graph tensors otherwise, with or without :0, and reach the signature too', () => {
    const call = resolveCall({
      inputs: new Map([
        ['x', t],
        ['m:0', t],
      ]),
      outputs: ['probs', 'probs:0', 'scores'],
    });
    expect(call.isSignature).toBe(true);
    expect(call.fetches).toEqual(['probs:0', 'probs:0', 'probs:0']);
  });

  it('may cut the graph anywhere', () => {
    const call = resolveCall({ inputs: new Map([['hidden/Relu', t]]), outputs: ['probs'] });
    expect(call.isSignature).toBe(false);
    expect([...call.feeds.keys()]).toEqual(['hidden/Relu:0']);
  });

  it('may not feed one tensor under two names', () => {
    const inputs = new Map([
      ['image', t],
      ['x:0', t],
      ['mask', t],
    ]);
    expect(() => resolveCall({ inputs })).toThrow('tensor x:0 is fed twice');
  });

  it('must hold every input of the signature', () => {
    expect(() => resolveCall({ inputs: new Map([['image', t]]) })).toThrow(
      'signature serving_default needs input mask',
    );
  });

  it('are never properties of objects', () => {
    const call = resolveCall({ inputs: new Map([['constructor', t]]), outputs: ['toString'] });
    expect(call.fetches).toEqual(['toString:0']);
  });
});
