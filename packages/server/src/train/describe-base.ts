/** What a version hands down to one that is trained on from it: labels, preprocessing and padding, but no figure that was measured of it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Source } from '@floe/graph';
import type { Description, Lineage, Manifest } from '../core/manifest.ts';
import type { TrainRequest } from '../core/trainer.ts';

const ASSETS = 'assets/';

export function descriptionOf({ labels, preprocessing, padding }: Manifest): Description {
  return { labels, preprocessing, padding };
}

export function lineageOf(
  base: Manifest,
  dataset: string,
  trainer: string,
  parameters: TrainRequest['parameters'],
  seed?: number,
): Omit<Lineage, 'producer'> {
  const training = { trainer, baseVersion: base.version, dataset, parameters: { ...parameters } };
  return {
    source: `${base.name}/${base.version}`,
    training: seed === undefined ? training : { ...training, seed },
  };
}

/** Asset files of a version's folder, by path below `assets`. */
export function assetsOf(folder: string, { files }: Manifest): Source['readAssets'] {
  const names = Object.keys(files).filter((name) => name.startsWith(ASSETS));
  return async () => {
    const read = names.map(
      async (name) => [name.slice(ASSETS.length), new Uint8Array(await readFile(join(folder, name)))] as const,
    );
    return new Map(await Promise.all(read));
  };
}
