/** A server whose model changes: version 2 comes and goes by a rename, so that it and version 1 follow each other. */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Model, Models } from './models.ts';
import { type Served, serve } from './server.ts';

const MOST_MS = 60_000;
const LOOK_MS = 50;

export interface Swapping {
  readonly server: Served;
  /** Resolves when the other version serves and this one is gone. */
  swap(): Promise<void>;
}

/** `pollSeconds`: between the server's looks at its folder. */
export async function swapping(models: Models, model: Model, pollSeconds: number): Promise<Swapping> {
  const aside = await model.freeze(2, join(models.scratch(), 'aside'));
  const inPlace = join(model.root, model.name, '2');
  const server = await serve(model.root, ['--poll-seconds', String(pollSeconds)]);
  let serves = 1;
  return {
    server,
    swap: () => {
      const comes = serves === 1;
      renameSync(comes ? aside : inPlace, comes ? inPlace : aside);
      serves = comes ? 2 : 1;
      return servesOnly(server.port, model.name, serves);
    },
  };
}

interface Status {
  readonly model_version_status: readonly { readonly version: string; readonly state: string }[];
}

/** Waits until a version serves and every other one is gone. */
async function servesOnly(port: number, name: string, version: number): Promise<void> {
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
