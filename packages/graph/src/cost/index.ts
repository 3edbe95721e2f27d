/**
 * What a graph costs, without running it: nodes, parameters, floating-point operations and bytes.
 *
 *     measureGraph(frozen.graph, new Map([['x:0', { dtype: 'float32', shape: [-1, 224, 224, 3] }]])).flops;
 */
export type { ByOp, Measures } from './measures.ts';
export { measureOnnx } from './onnx.ts';
export { measureGraph } from './tensorflow.ts';
