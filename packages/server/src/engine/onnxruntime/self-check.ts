/**
 * Proves, once per process, that the function table is what we believe it to be: the library says the version of its package, a
 * deliberate error comes back as a status with the right code and text, and a tiny model gives the known answer.
 */
import { FloeError, type Tensor } from '@floe/graph/base';
import { CNames } from './c-names.ts';
import { cell, type Runtime } from './native.ts';
import { RunFrame } from './run-frame.ts';
import { check } from './status.ts';

/** An ONNX model of one node, `y = x + x`, with x float32 [2]: opset 13, made by `onnx.helper`. */
const DOUBLE = Buffer.from(
  'CAgSADo1Cg4KAXgKAXgSAXkiA0FkZBIBZ1oPCgF4EgoKCAgBEgQKAggCYg8KAXkSCgoICAESBAoCCAJCBAoAEA0=',
  'base64',
);
const GIVEN = [1.5, -2];
const EXPECTED = [3, -4];

const NO_SUCH_FILE = 3;
const NO_MODEL = '/nonexistent/floe-self-check.onnx';

/** Throws INTERNAL if anything is not as expected. */
export function selfCheck(runtime: Runtime): void {
  const { version, library } = runtime;
  if (version !== library.packageVersion)
    throw failed(`the library says version ${version}, its package ${library.packageVersion}`);
  withOptions(runtime, (options) => {
    checkError(runtime, options);
    checkAnswer(runtime, options);
  });
}

function checkError({ api, env, scratch }: Runtime, options: bigint): void {
  const status = api.createSession(env, NO_MODEL, options, scratch.pointer);
  if (status === null) throw failed('a model that does not exist could be opened');
  const code = api.getErrorCode(status);
  const message = api.getErrorMessage(status);
  api.releaseStatus(status);
  if (code !== NO_SUCH_FILE || !message.includes(NO_MODEL))
    throw failed(`opening no model gave error ${code}: ${message}`);
}

function checkAnswer(runtime: Runtime, options: bigint): void {
  const { api, env, scratch } = runtime;
  check(api, api.createSessionFromArray(env, DOUBLE, DOUBLE.byteLength, options, scratch.pointer), 'load');
  const session = cell(scratch.pointer);
  try {
    const { dtype, shape, data } = double(runtime, session);
    if (dtype !== 'float32' || shape.join() !== '2' || [...data].join() !== EXPECTED.join())
      throw failed(`[${GIVEN}] doubled gave ${dtype} [${shape}] of [${data}]`);
  } finally {
    api.releaseSession(session);
  }
}

function double(runtime: Runtime, session: bigint): Tensor {
  const { api, library } = runtime;
  const names = new CNames(library, ['x', 'y']);
  const frame = new RunFrame(runtime, 1, 1);
  try {
    frame.bind([{ dtype: 'float32', shape: [2], data: Float32Array.from(GIVEN) }], names.addresses.slice(1));
    check(api, api.run(session, null, names.pointers, frame.inputs, 1, frame.outputNames, 1, frame.outputs), 'run');
    return frame.results()[0] ?? { dtype: 'float32', shape: [], data: new Float32Array(0) };
  } finally {
    frame.release();
  }
}

function withOptions(runtime: Runtime, use: (options: bigint) => void): void {
  const { api, scratch } = runtime;
  check(api, api.createSessionOptions(scratch.pointer), 'load');
  const options = cell(scratch.pointer);
  try {
    check(api, api.setIntraOpNumThreads(options, 1), 'load');
    use(options);
  } finally {
    api.releaseSessionOptions(options);
  }
}

function failed(reason: string): FloeError {
  return new FloeError('INTERNAL', `libonnxruntime failed its self-check: ${reason}`);
}
