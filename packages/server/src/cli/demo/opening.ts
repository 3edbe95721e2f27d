/** How the output cache opens, and how its answers end: the same picture again and again, while the stated accuracy rises. */

import { type Say, table } from '../output.ts';
import { ask, predict } from './client.ts';
import { MODEL, readPicture } from './digits.ts';

const PICTURE = '7-a.png';
/** Stated accuracies, and how often the picture is asked about at each. */
const STEPS = [
  [0.79, 1],
  [0.8, 2],
  [0.86, 2],
] as const;

export interface CacheStep {
  readonly accuracy: number;
  /** `X-Cache` of the answer. */
  readonly cache: string;
  /** `X-Model-Version`: who computed it. */
  readonly version: string;
}

/** Leaves the accuracy that was measured when the model was trained. */
export async function showOpening(
  { http, admin }: { readonly http: string; readonly admin: string },
  say: Say,
): Promise<readonly CacheStep[]> {
  say(`
Answers are kept once the model is right 80 % of the time, and end when it reaches 85, 90, 95 or 98 %. The
picture ${PICTURE} five times, while the admin API is told of another accuracy:
`);
  const body = await readPicture(PICTURE);
  const url = `${admin}/admin/models/${MODEL}/versions/1/accuracy`;
  const steps: CacheStep[] = [];
  try {
    for (const [accuracy, times] of STEPS) {
      await ask(url, { method: 'PUT', body: JSON.stringify({ accuracy }) });
      for (let time = 0; time < times; time++) steps.push({ accuracy, ...(await askOnce(http, body)) });
    }
  } finally {
    await ask(url, { method: 'DELETE' });
  }
  const rows = steps.map(({ accuracy, version, cache }) => [`  ${accuracy.toFixed(2)}`, version, cache]);
  say(table([['  accuracy', 'X-Model-Version', 'X-Cache'], ...rows]));
  return steps;
}

async function askOnce(http: string, body: Uint8Array<ArrayBuffer>): Promise<Omit<CacheStep, 'accuracy'>> {
  const response = await predict(http, 'image/png', body);
  await response.arrayBuffer();
  const { headers } = response;
  return { cache: headers.get('x-cache') ?? '', version: headers.get('x-model-version') ?? '' };
}
