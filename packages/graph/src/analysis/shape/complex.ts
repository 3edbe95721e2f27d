/** Complex numbers and Fourier transforms. */
import { UNKNOWN } from '../dims.ts';
import { dimOf, type Typed } from '../facts.ts';
import { each, type InferTable, type OpContext } from '../op-context.ts';
import { broadcastInputs } from './elementwise.ts';

/** Real to complex (the last dimension is halved) or back, over the last dimensions, of the lengths that input 1 tells. */
function transform(op: OpContext, dimensions: number, forward: boolean): readonly Typed[] {
  const dims = op.dims(0);
  const dtype = forward ? op.attrs.dtype('Tcomplex', 'complex64') : op.attrs.dtype('Treal', 'float32');
  if (dims === null) return [{ dtype, dims }];
  if (dims.length < dimensions) throw op.fail(`needs a tensor of rank ${dimensions} or more`);
  const lengths = op.elements(1);
  const sizes = Array.from({ length: dimensions }, (_, i) => {
    const length = lengths === undefined ? UNKNOWN : dimOf(lengths[i]);
    if (!forward || i < dimensions - 1) return length;
    return length < 0 ? UNKNOWN : Math.floor(length / 2) + 1;
  });
  return [{ dtype, dims: [...dims.slice(0, -dimensions), ...sizes] }];
}

const real = (op: OpContext): readonly Typed[] => [{ dtype: op.attrs.dtype('Tout', 'float32'), dims: op.dims(0) }];

export const complex: InferTable = {
  Complex: (op) => [{ dtype: op.attrs.dtype('Tout', 'complex64'), dims: broadcastInputs(op) }],
  ...each('Real Imag Angle ComplexAbs', real),
  Conj: (op) => [{ dtype: op.dtype(), dims: op.dims(0) }],
  ...each('FFT IFFT FFT2D IFFT2D FFT3D IFFT3D', (op) => [
    { dtype: op.attrs.dtype('Tcomplex', 'complex64'), dims: op.dims(0) },
  ]),
  RFFT: (op) => transform(op, 1, true),
  RFFT2D: (op) => transform(op, 2, true),
  RFFT3D: (op) => transform(op, 3, true),
  IRFFT: (op) => transform(op, 1, false),
  IRFFT2D: (op) => transform(op, 2, false),
  IRFFT3D: (op) => transform(op, 3, false),
};
