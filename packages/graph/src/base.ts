/**
 * The words without the work: errors, dtypes, tensors and names. A server that only runs what is compiled already imports these
 * (`@floe/graph/base`) and none of the readers, passes and lowerings, whose loading costs as much as the rest of its start.
 */
export * from './dtype.ts';
export * from './errors.ts';
export { tensorName } from './graph.ts';
export { bfloat16ToNumber, float16ToNumber } from './half.ts';
export type { Signature } from './source.ts';
export * from './tensor.ts';
