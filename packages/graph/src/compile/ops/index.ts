/** Every TensorFlow op that can be compiled, by name. */
import type { Lower } from '../lowering.ts';
import { AUDIO } from './audio.ts';
import { BINARY } from './binary.ts';
import { COLOUR } from './colour.ts';
import { COMPOSED } from './composed.ts';
import { CONTROL_FLOW } from './control-flow.ts';
import { CONVOLUTION } from './convolution.ts';
import { DETECTION } from './detection.ts';
import { DIAGONAL } from './diagonal.ts';
import { GAMMA } from './gamma.ts';
import { IDENTITY } from './identity.ts';
import { IMAGE } from './image.ts';
import { JOINING } from './joining.ts';
import { LINEAR_ALGEBRA } from './linear-algebra.ts';
import { MATRIX } from './matrix.ts';
import { NORMALIZATION } from './normalization.ts';
import { PATCHES } from './patches.ts';
import { POOLING } from './pooling.ts';
import { PROJECTIVE } from './projective.ts';
import { RANDOM } from './random.ts';
import { RECURRENT } from './recurrent.ts';
import { REDUCTION } from './reduction.ts';
import { RESAMPLE } from './resample.ts';
import { SCATTER } from './scatter.ts';
import { SEGMENT } from './segment.ts';
import { SEQUENCE } from './sequence.ts';
import { SHAPE } from './shape.ts';
import { SLICING } from './slicing.ts';
import { SPACE_BATCH } from './space-batch.ts';
import { SPARSE } from './sparse.ts';
import { SPARSE_PRODUCT } from './sparse-product.ts';
import { SPECIAL } from './special.ts';
import { TENSOR_LIST } from './tensor-list.ts';
import { UNARY } from './unary.ts';

const FAMILIES: readonly Readonly<Record<string, Lower>>[] = [
  AUDIO,
  BINARY,
  COLOUR,
  COMPOSED,
  CONTROL_FLOW,
  CONVOLUTION,
  DETECTION,
  DIAGONAL,
  GAMMA,
  IDENTITY,
  IMAGE,
  JOINING,
  LINEAR_ALGEBRA,
  MATRIX,
  NORMALIZATION,
  PATCHES,
  POOLING,
  PROJECTIVE,
  RECURRENT,
  RANDOM,
  REDUCTION,
  RESAMPLE,
  SCATTER,
  SEGMENT,
  SEQUENCE,
  SHAPE,
  SLICING,
  SPACE_BATCH,
  SPARSE,
  SPARSE_PRODUCT,
  SPECIAL,
  TENSOR_LIST,
  UNARY,
];

export const LOWERINGS: ReadonlyMap<string, Lower> = new Map(FAMILIES.flatMap((family) => Object.entries(family)));
