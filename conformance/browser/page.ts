/** What the page does. Each runs in the browser, so it knows only what it is given and what it imports there. */
import type * as client from '../../packages/client/src/index.ts';

type Client = typeof client;

export interface Given {
  /** Gray values of a picture of 28 by 28. */
  readonly pixels: readonly number[];
  /** The same as a PNG, in base64. */
  readonly png: string;
  /** Origin of the page, and its module of the client. */
  readonly site: string;
  readonly module: string;
  /** Floe's origin, which is not the page's. */
  readonly floe: string;
  /** Keys of callers who may infer and give feedback: one as often as it likes, one once a second. */
  readonly key: string;
  readonly slowKey: string;
}

export async function infer({ pixels, module, floe: url, key }: Given) {
  const { Floe, tensor, toNested }: Client = await import(module);
  const floe = new Floe(url, { key });
  const x = tensor(Float32Array.from(pixels), [1, 28, 28, 1]);
  // Each option is a header that the browser asks leave for.
  const asked = { requestId: 'of-the-page', sticky: 'someone', subject: 'somebody', cache: 'bypass' } as const;
  const answer = await floe.infer('digits', { x }, { ...asked, outputs: ['klass', 'probs'] });
  const { klass, probs } = answer.outputs;
  if (klass === undefined || probs === undefined) throw new Error('outputs are missing');
  const { version, requestId, cache } = answer;
  return { klass: String(toNested(klass)), dtype: klass.dtype, probs: probs.shape, version, requestId, cache };
}

export async function predict({ pixels, png, module, floe: url, key }: Given) {
  const { Floe }: Client = await import(module);
  const floe = new Floe(url, { key });
  const rows = Array.from({ length: 28 }, (_, row) => pixels.slice(row * 28, row * 28 + 28).map((pixel) => [pixel]));
  const bytes = Uint8Array.from(atob(png), (character) => character.charCodeAt(0));
  const [numbers, picture] = await Promise.all([
    floe.predict('digits', { instances: [rows] }),
    floe.predictImage('digits', new Blob([bytes]), 'image/png'),
  ]);
  return { numbers: numbers.predictions, picture: picture.predictions };
}

export async function feedback({ pixels, module, floe: url, key }: Given) {
  const { Floe, tensor }: Client = await import(module);
  const floe = new Floe(url, { key });
  const asked = await floe.infer('digits', { x: tensor(Float32Array.from(pixels), [1, 28, 28, 1]) });
  return await floe.feedback('digits', { requestId: asked.requestId, label: 7 });
}

export async function again({ pixels, module, floe: url, slowKey }: Given) {
  const { Floe, tensor }: Client = await import(module);
  const impatient = new Floe(url, { key: slowKey, retries: 0 });
  const refusal = ({ code, status, retryAfter }: client.FloeClientError) => [code, status, retryAfter];
  const answers = await Promise.all([1, 2].map(() => impatient.metadata('digits').then(() => [], refusal)));
  const patient = new Floe(url, { key: slowKey });
  const { version } = await patient.infer('digits', { x: tensor(Float32Array.from(pixels), [1, 28, 28, 1]) });
  return { version, refused: answers.flat() };
}

export async function late({ module, site }: Given) {
  const { Floe }: Client = await import(module);
  const floe = new Floe(`${site}/silent`);
  const codeOf = (error: client.FloeClientError): string => error.code;
  const controller = new AbortController();
  const cancelled = floe.metadata('digits', {}, { signal: controller.signal }).catch(codeOf);
  controller.abort();
  return [await floe.metadata('digits', {}, { timeoutMs: 50 }).catch(codeOf), await cancelled];
}

/** What cannot be had, by whom it may be asked for or not. */
export async function wrong({ module, floe: url, key }: Given) {
  const { Floe, FloeClientError, tensor }: Client = await import(module);
  const asked = [new Floe(url, { key }), new Floe(url)].map(async (floe) => {
    const error: unknown = await floe.infer('none', { x: tensor(['text'], [1]) }).catch((thrown: unknown) => thrown);
    if (!(error instanceof FloeClientError)) throw new Error(`it throws ${error}`);
    return [error.code, error.status, error.message, error.requestId !== undefined];
  });
  return await Promise.all(asked);
}

/** Of an origin that may not: neither what the browser asks leave for nor what it sends at once can be read. */
export async function refused({ pixels, module, floe: url, key }: Given) {
  const { Floe, tensor }: Client = await import(module);
  const floe = new Floe(url, { key, retries: 0 });
  const codeOf = ({ code, status }: client.FloeClientError) => [code, status];
  const x = tensor(Float32Array.from(pixels), [1, 28, 28, 1]);
  const inference = await floe.infer('digits', { x }).then(() => 'answered', codeOf);
  const page = await fetch(`${url}/v2`).then(
    ({ status }) => status,
    ({ name }: Error) => name,
  );
  return { inference, page };
}
