/**
 * `floe demo`: the whole road on a real checkpoint: freeze, compile, serve, and ask the running server about real pictures; then how the
 * cache opens with the accuracy, whether small requests wait for big ones, and how a model grows by what its users say.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { pino } from 'pino';
import type { FreezeResult } from '../../build/freeze-version.ts';
import { resolveConfig } from '../../core/config.ts';
import { EXIT, megabytes, print, printJson, type Say } from '../output.ts';
import { type RunningServer, startServer } from '../server.ts';
import { interrupted } from '../signals.ts';
import { freezeExample, readHoldout } from './digits.ts';
import { type GrowthPlaces, showGrowth } from './growth.ts';
import { showOpening } from './opening.ts';
import { showOrder } from './order.ts';
import { showReading } from './reading.ts';

export async function demoCommand(options: Record<string, unknown>): Promise<number> {
  const json = options['json'] === true;
  const say: Say = json ? () => {} : print;
  const root = await mkdtemp(join(tmpdir(), 'floe-demo-'));
  try {
    reportFreeze(await freezeExample(root, json), say);
    const config = resolveConfig(
      { models: root, httpPort: options['httpPort'], adminPort: 0, grpcPort: 'off', cacheDir: root },
      {},
      {},
    );
    const server = await startServer(config, pino({ level: 'silent' }));
    try {
      say(`Serving at ${server.http}.\n`);
      const images = await readHoldout();
      const reading = await showReading(server.http, images, say);
      const cache = await showOpening(server, say);
      const order = await showOrder(config, images, say);
      const growth = await showGrowth(root, images, options as GrowthPlaces, say);
      if (json) printJson({ ...growth, ...reading, cache, order });
      else await invite(server, options['keep'] === true);
    } finally {
      await server.close();
    }
  } finally {
    await rm(root, { recursive: true, force: true });
  }
  return EXIT.ok;
}

function reportFreeze(frozen: FreezeResult & { readonly milliseconds: number }, say: Say): void {
  const { checkpoint, files } = frozen.manifest;
  const producer = checkpoint.producers.tensorflow;
  say(`A checkpoint of handwritten digits, trained by TensorFlow ${producer} to step ${checkpoint.globalStep}.`);
  say(
    `Frozen and compiled in ${Math.round(frozen.milliseconds)} ms: one binary of ${megabytes(files['frozen.pb']?.bytes ?? 0)}.`,
  );
}

async function invite(server: RunningServer, keep: boolean): Promise<void> {
  print(`\nThe API, to try in a browser: ${server.http}/docs`);
  if (!keep) return;
  print('Press Ctrl-C to stop.');
  await interrupted(process);
}
