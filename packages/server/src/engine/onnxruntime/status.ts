/**
 * From `OrtStatus` to FloeError. A status is native memory: it is released here, whatever happens.
 * Source of the codes: `OrtErrorCode` in `onnxruntime_c_api.h`.
 */
import { type ErrorCode, type ErrorDetail, FloeError } from '@floe/graph/base';
import type { Api } from './api-table.ts';
import type { Pointer } from './library.ts';

/** What was being done: the same native code means different things at load and at run. */
export type Activity = 'load' | 'run';

const INVALID_ARGUMENT = 2;
const NOT_IMPLEMENTED = 9;

/** Throws the error that a status stands for; returns if there was none. */
export function check(api: Api, status: Pointer, activity: Activity, detail: ErrorDetail = {}): void {
  if (status === null) return;
  const native = api.getErrorCode(status);
  const message = api.getErrorMessage(status);
  api.releaseStatus(status);
  throw engineError(native, message, activity, detail);
}

/** The FloeError for a native code and message. */
export function engineError(native: number, message: string, activity: Activity, detail: ErrorDetail): FloeError {
  const code = activity === 'load' ? loadCode(native, message) : runCode(native, message);
  const place = { ...detail, ...nodeIn(message) };
  return new FloeError(code, `onnxruntime: ${firstLine(message)}`, Object.keys(place).length === 0 ? [] : place);
}

const OUT_OF_MEMORY = /bad_alloc|bad allocation|failed to allocate memory|out of memory/i;
/** The library has no code of its own for "this op is unknown". */
const UNKNOWN_OP =
  /not implemented|could not find an implementation|no op registered|not a registered (function|operator)|no schema registered|unsupported (model )?(ir|opset)|opset \d+ is under development|is till opset|not supported|unsupported data type/i;

function loadCode(native: number, message: string): ErrorCode {
  if (OUT_OF_MEMORY.test(message)) return 'RESOURCE_EXHAUSTED';
  if (native === NOT_IMPLEMENTED || UNKNOWN_OP.test(message)) return 'UNIMPLEMENTED';
  return 'DATA_LOSS';
}

function runCode(native: number, message: string): ErrorCode {
  if (OUT_OF_MEMORY.test(message)) return 'RESOURCE_EXHAUSTED';
  if (native === INVALID_ARGUMENT) return 'INVALID_ARGUMENT';
  if (native === NOT_IMPLEMENTED) return 'UNIMPLEMENTED';
  return 'INTERNAL';
}

/** "... while running Gather node. Name:'tower/gather' ..." */
const NODE = /running (\w+) node\. Name:'([^']*)'/;

function nodeIn(message: string): ErrorDetail {
  const found = NODE.exec(message);
  if (found === null) return {};
  const [, op = '', node = ''] = found;
  return node === '' ? { op } : { op, node };
}

/** Messages of failed assertions go on with source files and addresses of the library. */
function firstLine(message: string): string {
  return message.split('\n', 1)[0]?.trim() ?? '';
}
