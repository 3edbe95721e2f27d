/** Non-maximum suppression: how many boxes are kept is known only in a run, unless the result is filled up. */
import { UNKNOWN } from '../dims.ts';
import type { Typed } from '../facts.ts';
import { each, type InferTable, type OpContext } from '../op-context.ts';

/** Outputs: indices of the boxes that are kept, their scores in version 5, and from version 4 on how many they are. */
function suppressed(op: OpContext, outputs: 1 | 2 | 3): readonly Typed[] {
  if (op.ranked(0, 2)[1] !== 4 && (op.ranked(0, 2)[1] ?? UNKNOWN) >= 0) throw op.fail('needs boxes of four numbers');
  op.same(op.ranked(0, 2)[0], op.ranked(1, 1)[0], 'boxes');
  const filled = outputs > 1 && op.attrs.bool('pad_to_max_output_size', false);
  const count = filled ? (op.int(2) ?? UNKNOWN) : UNKNOWN;
  const indices: Typed = { dtype: 'int32', dims: [count] };
  const valid: Typed = { dtype: 'int32', dims: [] };
  if (outputs === 1) return [indices];
  return outputs === 2 ? [indices, valid] : [indices, { dtype: op.dtype('T', 1), dims: [count] }, valid];
}

/** Boxes [batch, n, 1 or classes, 4] and scores [batch, n, classes] give at most `max_total_size` boxes for each image. */
function combined(op: OpContext): readonly Typed[] {
  const [images, boxes, sets = UNKNOWN, corners = UNKNOWN] = op.ranked(0, 4);
  const [scored, rows, classes = UNKNOWN] = op.ranked(1, 3);
  if (corners !== 4 && corners >= 0) throw op.fail('needs boxes of four numbers');
  if (sets !== 1) op.same(sets, classes, 'classes');
  op.same(boxes, rows, 'boxes');
  const batch = op.same(images, scored, 'images');
  const total = totalOf(op, classes);
  return [
    { dtype: 'float32', dims: [batch, total, 4] },
    { dtype: 'float32', dims: [batch, total] },
    { dtype: 'float32', dims: [batch, total] },
    { dtype: 'int32', dims: [batch] },
  ];
}

function totalOf(op: OpContext, classes: number): number {
  const [perClass, total] = [op.int(2), op.int(3)];
  if (total === undefined || !op.attrs.bool('pad_per_class', false)) return total ?? UNKNOWN;
  return perClass === undefined || classes < 0 ? UNKNOWN : Math.min(total, perClass * classes);
}

export const detection: InferTable = {
  ...each('NonMaxSuppression NonMaxSuppressionV2 NonMaxSuppressionV3', (op) => suppressed(op, 1)),
  NonMaxSuppressionV4: (op) => suppressed(op, 2),
  NonMaxSuppressionV5: (op) => suppressed(op, 3),
  CombinedNonMaxSuppression: combined,
};
