import type { ErrorCode } from '@floe/graph';
import { expect, it } from 'vitest';
import { cell } from '../../../src/engine/onnxruntime/native.ts';
import { getRuntime } from '../../../src/engine/onnxruntime/runtime.ts';
import { type Activity, check, engineError } from '../../../src/engine/onnxruntime/status.ts';

const CASES: readonly (readonly [Activity, number, string, ErrorCode])[] = [
  ['load', 3, 'Load model from m.onnx failed: open file "weights.bin" failed', 'DATA_LOSS'],
  ['load', 7, 'Protobuf parsing failed.', 'DATA_LOSS'],
  ['load', 10, 'This is an invalid model. Error: No Op registered for Foo with domain_version of 17', 'UNIMPLEMENTED'],
  ['load', 1, 'Fatal error: foo:Bar(-1) is not a registered function/op', 'UNIMPLEMENTED'],
  ['load', 9, 'Could not find an implementation for Conv(11) node', 'UNIMPLEMENTED'],
  ['load', 6, 'Exception during initialization: std::bad_alloc', 'RESOURCE_EXHAUSTED'],
  ['load', 1, 'something else', 'DATA_LOSS'],
  ['run', 2, 'indices element out of data bounds', 'INVALID_ARGUMENT'],
  ['run', 6, 'Failed to allocate memory for requested buffer of size 99', 'RESOURCE_EXHAUSTED'],
  ['run', 9, 'not implemented', 'UNIMPLEMENTED'],
  ['run', 1, 'Non-zero status code', 'INTERNAL'],
];

it.each(CASES)('maps at %s native code %i, "%s" to %s', (activity, native, message, code) => {
  expect(engineError(native, message, activity, {}).code).toBe(code);
});

it('takes the node and its op out of the message, and leaves addresses of the library behind', () => {
  const message =
    "Non-zero status code returned while running Gather node. Name:'tower/gather' Status Message: bad\n0x7f00 libonnx";
  const error = engineError(2, message, 'run', {});
  expect(error.details).toEqual([{ op: 'Gather', node: 'tower/gather' }]);
  expect(error.message).not.toContain('libonnx');
});

it('releases the status of an error, once', async () => {
  const { api, env, scratch } = await getRuntime();
  const released: unknown[] = [];
  const counting = {
    ...api,
    releaseStatus: Object.assign(
      (status: Parameters<typeof api.releaseStatus>[0]) => {
        released.push(status);
        return api.releaseStatus(status);
      },
      { async: api.releaseStatus.async },
    ),
  };
  check(api, api.createSessionOptions(scratch.pointer), 'load');
  const options = cell(scratch.pointer);
  const status = api.createSession(env, '/nowhere.onnx', options, scratch.pointer);
  expect(() => check(counting, status, 'load')).toThrow(/nowhere/);
  expect(released).toEqual([status]);
  check(counting, null, 'load');
  expect(released.length).toBe(1);
  api.releaseSessionOptions(options);
});
