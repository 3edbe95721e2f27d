/** What the model reads: the example's pictures, one by one, and how many of the holdout set it gets right. */
import { FloeError } from '@floe/graph/base';
import type { Say } from '../output.ts';
import { predict } from './client.ts';
import { type Holdout, pictureFiles, readPicture } from './digits.ts';

/** Holdout images asked about in one request. */
const BATCH = 250;

export interface Reading {
  readonly pictures: readonly { readonly file: string; readonly answer: string; readonly score: number }[];
  readonly holdout: { readonly right: number; readonly n: number; readonly accuracy: number };
}

export async function showReading(http: string, images: Holdout, say: Say): Promise<Reading> {
  say('Asking it about pictures that it was not trained on:\n');
  const pictures = [];
  for (const file of await pictureFiles()) {
    const { label, score } = await askPicture(http, file);
    const truth = file.slice(0, 1);
    const percent = (100 * score).toFixed(1).padStart(5);
    say(`  ${file.padEnd(16)} ${label}  ${percent} %${label === truth ? '' : `   (a person wrote ${truth})`}`);
    pictures.push({ file, answer: label, score });
  }
  const holdout = await askHoldout(http, images);
  say(`\nOf ${holdout.n} held-out pictures ${holdout.right} are read right: ${(100 * holdout.accuracy).toFixed(2)} %.`);
  return { pictures, holdout };
}

async function askPicture(http: string, file: string): Promise<{ label: string; score: number }> {
  const response = await predict(http, 'image/png', await readPicture(file));
  const { predictions } = (await response.json()) as { predictions: { label: string; score: number }[] };
  const [answer] = predictions;
  if (answer === undefined) throw new FloeError('INTERNAL', `no answer about ${file}`);
  return answer;
}

/** The accuracy over the holdout set, measured through the server like any client would. */
async function askHoldout(http: string, { n, size, width, pixels, labels }: Holdout): Promise<Reading['holdout']> {
  let right = 0;
  for (let from = 0; from < n; from += BATCH) {
    const instances = Array.from({ length: Math.min(BATCH, n - from) }, (_, row) => {
      const at = (from + row) * size;
      return image(pixels.subarray(at, at + size), width);
    });
    const response = await predict(http, 'application/json', JSON.stringify({ instances }));
    const { predictions } = (await response.json()) as { predictions: { klass: number }[] };
    right += predictions.filter(({ klass }, row) => klass === Number(labels[from + row])).length;
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
