/** Ops that make a tensor from arguments alone: Fill, Range, OneHot, random numbers. */
import { formatDims, UNKNOWN } from '../dims.ts';
import type { Typed } from '../facts.ts';
import { each, type InferTable, type OpContext } from '../op-context.ts';

function fill(op: OpContext): readonly Typed[] {
  if ((op.dims(1)?.length ?? 0) !== 0) throw op.fail(`needs a scalar value, not ${formatDims(op.dims(1))}`);
  return [{ dtype: op.dtype('T', 1), dims: op.shapeArgument(0) }];
}

function range(op: OpContext): readonly Typed[] {
  const dtype = op.dtype('Tidx');
  const [start, limit, delta] = [0, 1, 2].map((i) => scalar(op, i));
  if (delta === 0) throw op.fail('has a step of 0');
  if (start === undefined || limit === undefined || delta === undefined) {
    const stop = op.elements(1)?.[0];
    return [{ dtype, dims: [start === 0 && delta === 1 && typeof stop === 'object' ? stop.name : UNKNOWN] }];
  }
  if (delta > 0 ? start > limit : start < limit) throw op.fail(`goes from ${start} to ${limit} in steps of ${delta}`);
  const count = Math.abs(Math.ceil((limit - start) / delta));
  return [{ dtype, dims: [Number.isSafeInteger(count) ? count : UNKNOWN] }];
}

function scalar(op: OpContext, i: number): number | undefined {
  const { constant, dims } = op.input(i);
  if ((dims?.length ?? 0) !== 0) throw op.fail(`needs input ${i} to be a scalar, not ${formatDims(dims)}`);
  const value = constant === undefined ? op.ints(i)?.[0] : (constant.data as ArrayLike<number | bigint>)[0];
  return value === undefined ? undefined : Number(value);
}

function linSpace(op: OpContext): readonly Typed[] {
  const count = op.int(2);
  if (count !== undefined && count < 1) throw op.fail(`wants ${count} points`);
  return [{ dtype: op.dtype(), dims: [count ?? UNKNOWN] }];
}

/** A new dimension of `depth` at `axis`, the last one by default. */
function oneHot(op: OpContext): readonly Typed[] {
  const dtype = op.dtype('T', 2);
  const [dims, depth] = [op.dims(0), op.int(1)];
  if (depth !== undefined && depth < 0) throw op.fail(`has depth ${depth}`);
  if (dims === null) return [{ dtype, dims }];
  const axis = op.axis(op.attrs.int('axis', -1), dims.length + 1);
  return [{ dtype, dims: dims.toSpliced(axis, 0, depth ?? UNKNOWN) }];
}

function random(op: OpContext): readonly Typed[] {
  return [{ dtype: op.attrs.dtype('dtype', 'float32'), dims: op.shapeArgument(0) }];
}

function multinomial(op: OpContext): readonly Typed[] {
  return [
    { dtype: op.attrs.dtype('output_dtype', 'int64'), dims: [op.ranked(0, 2)[0] ?? UNKNOWN, op.int(1) ?? UNKNOWN] },
  ];
}

export const generating: InferTable = {
  Fill: fill,
  Range: range,
  LinSpace: linSpace,
  OneHot: oneHot,
  ...each('RandomUniform RandomStandardNormal TruncatedNormal', random),
  ...each('StatelessRandomUniform StatelessRandomNormal StatelessTruncatedNormal', random),
  ...each('StatelessRandomUniformV2 StatelessRandomNormalV2 StatelessTruncatedNormalV2', random),
  ...each('StatelessRandomUniformInt StatelessRandomUniformIntV2', (op) => [
    { dtype: op.attrs.dtype('dtype', 'int32'), dims: op.shapeArgument(0) },
  ]),
  StatelessRandomGetKeyCounter: () => [
    { dtype: 'uint64', dims: [1] },
    { dtype: 'uint64', dims: [2] },
  ],
  StatelessRandomGetAlg: () => [{ dtype: 'int32', dims: [] }],
  RandomShuffle: (op) => [{ dtype: op.dtype(), dims: op.dims(0) }],
  RandomUniformInt: (op) => [{ dtype: op.dtype('Tout', 1), dims: op.shapeArgument(0) }],
  Empty: random,
  Multinomial: multinomial,
};
