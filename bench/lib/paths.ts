/** Where things are in this checkout. */
import { fileURLToPath } from 'node:url';

const fromRoot = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export const ROOT = fromRoot('');
export const WRAPPER = fromRoot('floe');
/** What the wrapper runs; measured without the wrapper's shell around it. */
export const MAIN = fromRoot('packages/server/dist/cli/main.js');
export const PYTHON_ENV = fromRoot('tools/python-env');
export const MODELS_SCRIPT = fromRoot('bench/models.py');
export const RESULTS = fromRoot('bench/results');
export const LOAD = fromRoot('bench/load.ts');
export const PACED_LOAD = fromRoot('bench/paced-load.ts');
export const GRPC_LOAD = fromRoot('bench/grpc-load.ts');
export const GRPC_ECHO_PEER = fromRoot('bench/peers/grpc-echo.ts');
export const ENGINE_PEER = fromRoot('bench/peers/engine.ts');
export const FASTIFY_PEER = fromRoot('bench/peers/fastify.ts');
export const NAIVE_PEER = fromRoot('bench/peers/naive.ts');
export const SCRIPT_PEER = fromRoot('bench/peers/script.py');
export const USAGE_PEER = fromRoot('bench/peers/usage.mjs');
export const TF2ONNX_PEER = fromRoot('bench/peers/tf2onnx_convert.py');
export const TENSORFLOW_PEER = fromRoot('bench/peers/tensorflow_runs.py');
export const POSTGRES_INSTALL = fromRoot('conformance/postgres/install');
export const PEER_SERVERS = fromRoot('bench/peers/servers');
export const LOADGEN_PEER = fromRoot('bench/peers/loadgen.py');
export const LOADGEN_REQUIREMENTS = fromRoot('bench/peers/loadgen.txt');
export const FIRST_RUN_PEER = fromRoot('bench/peers/first-run.mjs');
export const WITHOUT_BEHIND_PEER = fromRoot('bench/peers/without-behind.mjs');
