export { type Analysis, analyse, type Feeds, type TensorType } from './analysis/index.ts';
export * from './constants.ts';
export * from './dtype.ts';
export * from './errors.ts';
export * from './graph.ts';
export { optimise } from './passes/index.ts';
export * from './source.ts';
export * from './tensor.ts';
