/** What runs cost on this machine: where servers keep what they have learned, and what is kept of one frozen version. */
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { artefactKeyOf, artefactName } from '../build/artefact.ts';
import type { ServeConfig } from '../core/config.ts';
import { defaultCacheDir } from '../core/machine.ts';
import type { Manifest } from '../core/manifest.ts';
import { CostBook } from '../cost/cost-book.ts';
import type { ShapeSummary } from '../cost/cost-model.ts';
import { capacityOf, cpusOf, readCpus } from '../engine/capacity.ts';
import { FROZEN_FILE } from '../store/version-folder.ts';

export type Costs = Readonly<Record<string, readonly ShapeSummary[]>>;

export function cacheFolder({ cacheDir }: Pick<ServeConfig, 'cacheDir'>): string {
  return resolve(cacheDir || defaultCacheDir(process.env));
}

/** Threads of one run. */
export function runThreads({ threads }: Pick<ServeConfig, 'threads'>): number {
  return threads || capacityOf(readCpus()).intraOpThreads;
}

export function openCosts(
  config: Pick<ServeConfig, 'cacheDir' | 'threads'>,
  log: (message: string) => void,
): Promise<CostBook> {
  const machine = {
    cpu: cpus()[0]?.model ?? process.arch,
    cpus: cpusOf(readCpus()),
    threads: runThreads(config),
  };
  return CostBook.open({ folder: join(cacheFolder(config), 'costs'), machine, log });
}

/** By signature, for those of which anything is kept. */
export async function costsOf(manifest: Manifest, config: Pick<ServeConfig, 'cacheDir' | 'threads'>): Promise<Costs> {
  const book = await openCosts(config, () => {});
  const graph = manifest.files[FROZEN_FILE]?.sha256 ?? '';
  const costs: Record<string, readonly ShapeSummary[]> = {};
  for (const [key, signature] of Object.entries(manifest.signatures)) {
    const model = await book.open(artefactName(artefactKeyOf(graph, signature, manifest.opset)));
    const shapes = model.describe();
    if (shapes.length > 0) costs[key] = shapes;
  }
  return costs;
}

/** `serving_default takes 0.12 ms + 0.083 ms a row of float32[28,28,1], in batches of up to 8; 44 runs`. */
export function formatCosts(costs: Costs): string[] {
  return Object.entries(costs).flatMap(([key, shapes]) =>
    shapes.map(({ shape, overheadSeconds, secondsPerRow, preferredRows, runs }) => {
      const takes = `${milliseconds(overheadSeconds)} + ${milliseconds(secondsPerRow)} a row of ${shape}`;
      const batches = preferredRows === undefined ? '' : `, in batches of up to ${preferredRows}`;
      return `${key} takes ${takes}${batches}; ${runs} runs`;
    }),
  );
}

function milliseconds(seconds: number): string {
  return `${Number((seconds * 1000).toPrecision(3))} ms`;
}
