/** NumPy's `.npy` files as tensors. Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
import { bytesOf, type DType, FloeError, numericView, sizeOf, type Tensor } from '@floe/graph/base';

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');
/** Elements begin at a multiple of this. */
const ALIGNMENT = 64;

const DTYPES: Readonly<Record<string, DType>> = {
  '<f4': 'float32',
  '<f8': 'float64',
  '<f2': 'float16',
  '<i8': 'int64',
  '<i4': 'int32',
  '<i2': 'int16',
  '|i1': 'int8',
  '|u1': 'uint8',
  '<u2': 'uint16',
  '<u4': 'uint32',
  '<u8': 'uint64',
  '|b1': 'bool',
};

/** Reads little-endian C-ordered arrays. Throws DATA_LOSS, or UNIMPLEMENTED for other orders and dtypes. */
export function parseNpy(bytes: Uint8Array, file: string): Tensor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < 12 || !Buffer.from(bytes.subarray(0, 6)).equals(MAGIC)) {
    throw new FloeError('DATA_LOSS', `${file} is no .npy file`, { file, offset: 0 });
  }
  const wide = view.getUint8(6) >= 2;
  const start = wide ? 12 : 10;
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  const header = Buffer.from(bytes.subarray(start, start + length)).toString('latin1');
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1] ?? '';
  const dims = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1];
  const dtype = DTYPES[descr];
  if (dims === undefined)
    throw new FloeError('DATA_LOSS', `${file} has no shape in its header`, { file, offset: start });
  if (dtype === undefined || /'fortran_order':\s*True/.test(header)) {
    throw new FloeError('UNIMPLEMENTED', `${file}: only little-endian numbers in C order are read, not ${descr}`, {
      file,
    });
  }
  const shape = dims
    .split(',')
    .map((dim) => dim.trim())
    .filter((dim) => dim !== '')
    .map(Number);
  const data = numericView(dtype, bytes.subarray(start + length));
  if (data.length !== sizeOf(shape)) {
    throw new FloeError('DATA_LOSS', `${file} has ${data.length} elements where its shape needs ${sizeOf(shape)}`, {
      file,
    });
  }
  return { dtype, shape, data };
}

const NAMES = new Map(Object.entries(DTYPES).map(([name, dtype]) => [dtype, name]));

/** The same as NumPy writes it. Throws UNIMPLEMENTED for strings and bfloat16, which NumPy does not have. */
export function npyBytes(tensor: Tensor): Uint8Array {
  const descr = NAMES.get(tensor.dtype);
  if (descr === undefined) throw new FloeError('UNIMPLEMENTED', `an .npy file cannot hold ${tensor.dtype}`);
  const shape = tensor.shape.length === 1 ? `${tensor.shape[0]},` : tensor.shape.join(', ');
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`;
  const start = MAGIC.length + 4;
  const length = Math.ceil((start + text.length + 1) / ALIGNMENT) * ALIGNMENT - start;
  const version = Buffer.from([1, 0, length & 0xff, length >> 8]);
  return Buffer.concat([MAGIC, version, Buffer.from(`${text.padEnd(length - 1)}\n`, 'latin1'), bytesOf(tensor)]);
}
