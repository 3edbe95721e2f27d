/** The digits example, frozen into a folder of its own for one test file. */
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Tensor } from '@floe/graph';
import { freezeVersion } from '../../src/build/freeze-version.ts';
import { parseNpy } from '../../src/store/npy.ts';

export const EXAMPLE = fileURLToPath(new URL('../../../../examples/digits/', import.meta.url));
export const CHECKPOINT = join(EXAMPLE, 'model.ckpt-1500.meta');

export const FREEZE = {
  source: CHECKPOINT,
  name: 'digits',
  outputs: ['probs', 'klass'],
  set: { keep_prob: '1' },
} as const;

export interface ModelsFolder {
  readonly root: string;
  /** Puts a copy of version 1 beside it, whole at once. */
  addVersion(version: number): Promise<void>;
  remove(): Promise<void>;
}

/** A registry root with `digits/1`. */
export async function digitsFolder(): Promise<ModelsFolder> {
  const root = await mkdtemp(join(tmpdir(), 'floe-models-'));
  await freezeVersion({ ...FREEZE, root, version: 1 });
  return {
    root,
    addVersion: (version) => cp(join(root, 'digits/1'), join(root, `digits/${version}`), { recursive: true }),
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

/** Holdout images as [n,28,28,1] in 0..1, and their labels. */
export async function holdout(n: number): Promise<{ images: Tensor; labels: readonly number[] }> {
  const images = parseNpy(await readFile(join(EXAMPLE, 'holdout-images.npy')), 'holdout-images.npy');
  const labels = parseNpy(await readFile(join(EXAMPLE, 'holdout-labels.npy')), 'holdout-labels.npy');
  const pixels = Float32Array.from((images.data as Uint8Array).subarray(0, n * 784), (pixel) => pixel / 255);
  return {
    images: { dtype: 'float32', shape: [n, 28, 28, 1], data: pixels },
    labels: Array.from((labels.data as Uint8Array).subarray(0, n)),
  };
}
