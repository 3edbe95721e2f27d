/** `floe demo`: the whole road on a real checkpoint: freeze, compile, serve, and ask the running server about real pictures. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { bytesOf, FloeError, type Tensor } from '@floe/graph/base';
import { pino } from 'pino';
import { type FreezeResult, freezeVersion } from '../build/freeze-version.ts';
import { resolveConfig } from '../core/config.ts';
import { exists } from '../store/version-folder.ts';
import { parseNpy } from './npy.ts';
import { EXIT, megabytes, print, printJson, progressBar } from './output.ts';
import { type RunningServer, startServer } from './server.ts';
import { interrupted } from './signals.ts';

const EXAMPLE = fileURLToPath(new URL('../../../../examples/digits/', import.meta.url));
const CHECKPOINT = 'model.ckpt-1500.meta';
const MODEL = 'digits';
/** Holdout images asked about in one request. */
const BATCH = 250;

interface DemoResult {
  readonly pictures: readonly { readonly file: string; readonly answer: string; readonly score: number }[];
  readonly holdout: { readonly right: number; readonly n: number; readonly accuracy: number };
}

export async function demoCommand(options: Record<string, unknown>): Promise<number> {
  const json = options['json'] === true;
  const say = json ? () => {} : print;
  const root = await mkdtemp(join(tmpdir(), 'floe-demo-'));
  try {
    reportFreeze(await freezeExample(root, json), say);
    const config = resolveConfig({ models: root, httpPort: options['httpPort'], adminPort: 0, cacheDir: root }, {}, {});
    const server = await startServer(config, pino({ level: 'silent' }));
    try {
      const result = await ask(server, say);
      if (json) printJson(result);
      else await invite(server, options['keep'] === true);
    } finally {
      await server.close();
    }
  } finally {
    await rm(root, { recursive: true, force: true });
  }
  return EXIT.ok;
}

async function freezeExample(root: string, quiet: boolean): Promise<FreezeResult & { readonly milliseconds: number }> {
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

function reportFreeze(frozen: FreezeResult & { readonly milliseconds: number }, say: (text: string) => void): void {
  const { checkpoint, files } = frozen.manifest;
  const producer = checkpoint.producers.tensorflow;
  say(`A checkpoint of handwritten digits, trained by TensorFlow ${producer} to step ${checkpoint.globalStep}.`);
  say(
    `Frozen and compiled in ${Math.round(frozen.milliseconds)} ms: one binary of ${megabytes(files['frozen.pb']?.bytes ?? 0)}.`,
  );
}

async function ask(server: RunningServer, say: (text: string) => void): Promise<DemoResult> {
  say(`Serving at ${server.http}. Asking it about pictures it was not trained on:\n`);
  const pictures = [];
  for (const file of (await readdir(join(EXAMPLE, 'images'))).sort()) {
    const answer = await askPicture(server, file);
    const truth = file.slice(0, 1);
    say(
      `  ${file.padEnd(16)} ${answer.label}  ${(100 * answer.score).toFixed(1).padStart(5)} %${answer.label === truth ? '' : `   (a person wrote ${truth})`}`,
    );
    pictures.push({ file, answer: answer.label, score: answer.score });
  }
  const holdout = await askHoldout(server);
  say(`\nOf ${holdout.n} held-out pictures ${holdout.right} are read right: ${(100 * holdout.accuracy).toFixed(2)} %.`);
  return { pictures, holdout };
}

async function askPicture(server: RunningServer, file: string): Promise<{ label: string; score: number }> {
  const body = new Uint8Array(await readFile(join(EXAMPLE, 'images', file)));
  const reply = await post(server, 'image/png', body);
  const [answer] = reply['predictions'] as { label: string; score: number }[];
  if (answer === undefined) throw new FloeError('INTERNAL', `no answer about ${file}`);
  return answer;
}

/** The accuracy over the holdout set, measured through the server like any client would. */
async function askHoldout(server: RunningServer): Promise<DemoResult['holdout']> {
  const images = await readNpy('holdout-images.npy');
  const labels = await readNpy('holdout-labels.npy');
  const [n = 0, height = 0, width = 0] = images.shape;
  const size = height * width;
  const pixels = bytesOf(images);
  let right = 0;
  for (let from = 0; from < n; from += BATCH) {
    const rows = Array.from({ length: Math.min(BATCH, n - from) }, (_, row) => {
      const at = (from + row) * size;
      return image(pixels.subarray(at, at + size), width);
    });
    const reply = await post(server, 'application/json', new TextEncoder().encode(JSON.stringify({ instances: rows })));
    const answers = reply['predictions'] as { klass: number }[];
    right += answers.filter((answer, row) => answer.klass === Number(labels.data[from + row])).length;
  }
  return { right, n, accuracy: right / n };
}

/** Rows of pixels, each a list of one channel in 0..1. */
function image(pixels: Uint8Array, width: number): number[][][] {
  const rows: number[][][] = [];
  for (let at = 0; at < pixels.length; at += width) {
    rows.push(Array.from(pixels.subarray(at, at + width), (pixel) => [pixel / 255]));
  }
  return rows;
}

async function readNpy(name: string): Promise<Tensor> {
  return parseNpy(await readFile(join(EXAMPLE, name)), name);
}

async function post(
  server: RunningServer,
  type: string,
  body: Uint8Array<ArrayBuffer>,
): Promise<Record<string, unknown>> {
  const response = await fetch(`${server.http}/v1/models/${MODEL}:predict`, {
    method: 'POST',
    headers: { 'content-type': type },
    body,
  });
  if (!response.ok) throw new FloeError('INTERNAL', `the server said ${response.status}: ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}

async function invite(server: RunningServer, keep: boolean): Promise<void> {
  print(`\nThe API, to try in a browser: ${server.http}/docs`);
  if (!keep) return;
  print('Press Ctrl-C to stop.');
  await interrupted(process);
}
