/** NumPy's `.npz` files, a zip of `.npy` files, as tensors by name. The same tensors give the same bytes. */
import { asFloeError, FloeError, type Tensor } from '@floe/graph/base';
import { unzipSync, zipSync } from 'fflate';
import { npyBytes, parseNpy } from './npy.ts';

/** Of the file, and of all arrays in it. */
export const MOST_NPZ_BYTES = 2 ** 31 - 1;
const MOST_ARRAYS = 256;
const EXTENSION = '.npy';
/** The first that a zip can say, in whatever zone. */
const NO_TIME = new Date(1980, 0, 1);

/** Throws UNIMPLEMENTED for dtypes that NumPy does not have, RESOURCE_EXHAUSTED. */
export function npzBytes(tensors: ReadonlyMap<string, Tensor>): Uint8Array {
  const files = Object.fromEntries([...tensors].map(([name, tensor]) => [`${name}${EXTENSION}`, npyBytes(tensor)]));
  const bytes = Object.values(files).reduce((sum, file) => sum + file.byteLength, 0);
  if (bytes > MOST_NPZ_BYTES)
    throw new FloeError('RESOURCE_EXHAUSTED', `${bytes} bytes of arrays, at most ${MOST_NPZ_BYTES}`);
  return zipSync(files, { level: 0, mtime: NO_TIME });
}

/** Throws DATA_LOSS naming `file`, RESOURCE_EXHAUSTED for what unpacks to too much, and what `parseNpy` throws. */
export function parseNpz(bytes: Uint8Array, file: string): ReadonlyMap<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const [name, content] of Object.entries(unzipped(bytes, file))) {
    tensors.set(name.slice(0, -EXTENSION.length), parseNpy(content, `${file}: ${name}`));
  }
  return tensors;
}

function unzipped(bytes: Uint8Array, file: string): Record<string, Uint8Array> {
  let total = 0;
  let count = 0;
  try {
    return unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        total += originalSize;
        count += 1;
        if (total > MOST_NPZ_BYTES || count > MOST_ARRAYS)
          throw new FloeError('RESOURCE_EXHAUSTED', `${file} unpacks to more than is read`, { file });
        return name.endsWith(EXTENSION);
      },
    });
  } catch (cause) {
    if (cause instanceof FloeError) throw cause;
    throw new FloeError('DATA_LOSS', `${file} is no whole zip: ${asFloeError(cause).message}`, { file }, cause);
  }
}
