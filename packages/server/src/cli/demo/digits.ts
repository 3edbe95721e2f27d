/** The example that the demo goes by: a trained checkpoint of handwritten digits, pictures of some, and a holdout set. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bytesOf, FloeError, type Tensor } from '@floe/graph/base';
import { type FreezeResult, freezeVersion } from '../../build/freeze-version.ts';
import { parseNpy } from '../../store/npy.ts';
import { exists } from '../../store/version-folder.ts';
import { progressBar } from '../output.ts';

const EXAMPLE = fileURLToPath(new URL('../../../../../examples/digits/', import.meta.url));
const CHECKPOINT = 'model.ckpt-1500.meta';
export const MODEL = 'digits';

export interface Holdout {
  /** Images. */
  readonly n: number;
  readonly width: number;
  /** Elements of one image. */
  readonly size: number;
  /** One byte for each, image behind image. */
  readonly pixels: Uint8Array;
  readonly labels: Tensor['data'];
}

/** Freezes the example into `root`, and says how long that took. Throws NOT_FOUND where there is no checkout. */
export async function freezeExample(
  root: string,
  quiet: boolean,
): Promise<FreezeResult & { readonly milliseconds: number }> {
  if (!(await exists(join(EXAMPLE, CHECKPOINT)))) {
    throw new FloeError('NOT_FOUND', `the demo needs a checkout of Floe: ${EXAMPLE} is not there`, { file: EXAMPLE });
  }
  const bar = await progressBar(quiet);
  const started = performance.now();
  const request = {
    source: join(EXAMPLE, CHECKPOINT),
    root,
    name: MODEL,
    outputs: ['probs', 'klass'],
    set: { keep_prob: '1' },
  };
  const result = await freezeVersion(request, bar.update).finally(() => bar.stop());
  return { ...result, milliseconds: performance.now() - started };
}

/** The same network after 30 steps, frozen into `root`; gives the version's folder. */
export async function freezeUndertrained(root: string): Promise<string> {
  const source = join(EXAMPLE, 'undertrained', 'model.ckpt-30.meta');
  const { folder } = await freezeVersion({
    source,
    root,
    name: MODEL,
    outputs: ['probs', 'klass'],
    set: { keep_prob: '1' },
  });
  return folder;
}

/** File names of pictures, by name; each begins with the digit that a person wrote. */
export async function pictureFiles(): Promise<readonly string[]> {
  return (await readdir(join(EXAMPLE, 'images'))).sort();
}

export async function readPicture(file: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(join(EXAMPLE, 'images', file)));
}

export async function readHoldout(): Promise<Holdout> {
  const [images, labels] = await Promise.all([readNpy('holdout-images.npy'), readNpy('holdout-labels.npy')]);
  const [n = 0, height = 0, width = 0] = images.shape;
  return { n, width, size: height * width, pixels: bytesOf(images), labels: labels.data };
}

async function readNpy(name: string): Promise<Tensor> {
  return parseNpy(await readFile(join(EXAMPLE, name)), name);
}
