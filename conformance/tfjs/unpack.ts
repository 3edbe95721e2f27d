/** A model that its package keeps as modules of JavaScript: `model.min.js` is the object of `model.json`, each shard its bytes in base64. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

interface ModelJson {
  readonly weightsManifest: readonly { readonly paths: readonly string[] }[];
}

/** Writes the files that the modules stand for into `folder`; the path of its `model.json`. */
export function unpack(module: string, folder: string): string {
  const load = createRequire(module);
  const model = load(module) as ModelJson;
  mkdirSync(folder, { recursive: true });
  for (const path of model.weightsManifest.flatMap(({ paths }) => paths)) {
    const shard = load(join(dirname(module), basename(path) + MODULE)) as string;
    writeFileSync(join(folder, path), Buffer.from(shard, 'base64'));
  }
  const file = join(folder, 'model.json');
  writeFileSync(file, JSON.stringify(model));
  return file;
}

/** How the files of such modules end. */
export const MODULE = '.min.js';
