export * from './constants.ts';
export * from './dtype.ts';
export * from './errors.ts';
export * from './graph.ts';
export * from './source.ts';
export * from './tensor.ts';
