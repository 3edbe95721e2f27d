/**
 * Memory after a version was swapped for another of the same size, against before: ResNet50's version 2 comes and goes, each time
 * under load, so that 1 and 2 follow each other.
 */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Case } from '../lib/case.ts';
import { load } from '../lib/loads.ts';
import { memoryOf } from '../lib/proc.ts';
import { v2Binary } from '../lib/requests.ts';
import { serve } from '../lib/server.ts';

const REQUESTS = 40;
const CALLERS = 4;
const SWAPS = 4;
const MOST_MS = 60_000;
const LOOK_MS = 50;
const MB = 1e6;

export const swap: Case = async (models) => {
  const model = await models.get('resnet50');
  const aside = await model.freeze(2, join(models.scratch(), 'aside'));
  const inPlace = join(model.root, model.name, '2');
  const server = await serve(model.root, ['--poll-seconds', '0.2']);
  const ask = () => load({ port: server.port, request: v2Binary(model), concurrency: CALLERS, count: REQUESTS });
  const resident = async (): Promise<number> => {
    await ask();
    return memoryOf(server.pid).rss;
  };
  const before = await resident();
  const after: number[] = [];
  for (let count = 0; count < SWAPS; count++) {
    const comes = count % 2 === 0;
    renameSync(comes ? aside : inPlace, comes ? inPlace : aside);
    await Promise.all([servesOnly(server.port, model.name, comes ? 2 : 1), ask()]);
    after.push(await resident());
  }
  await server.close();
  return [
    { name: 'resnet50: server before a swap, resident', value: before / MB, unit: 'MB' },
    { name: 'resnet50: after one swap, resident', value: (after[0] ?? Number.NaN) / MB, unit: 'MB' },
    { name: `resnet50: after ${SWAPS} swaps, resident`, value: (after.at(-1) ?? Number.NaN) / MB, unit: 'MB' },
    {
      name: `resnet50: after ${SWAPS} swaps / before`,
      value: (after.at(-1) ?? Number.NaN) / before,
      unit: 'ratio',
      limit: { most: 1.1, slack: 0.15 },
    },
  ];
};

interface Status {
  readonly model_version_status: readonly { readonly version: string; readonly state: string }[];
}

/** Waits until a version serves and every other one is gone. */
export async function servesOnly(port: number, name: string, version: number): Promise<void> {
  const deadline = performance.now() + MOST_MS;
  for (;;) {
    const reply = await fetch(`http://127.0.0.1:${port}/v1/models/${name}`);
    const { model_version_status: states } = (await reply.json()) as Status;
    const others = states.filter((one) => one.version !== String(version) && one.state !== 'END');
    const isServing = states.some((one) => one.version === String(version) && one.state === 'AVAILABLE');
    if (isServing && others.length === 0) return;
    if (performance.now() > deadline)
      throw new Error(`version ${version} did not take over: ${JSON.stringify(states)}`);
    await pause(LOOK_MS);
  }
}
