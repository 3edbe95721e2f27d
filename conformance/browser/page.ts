/** What the page does. Each runs in the browser, so it knows only what it is given and what it imports there. */
import type * as client from '../../packages/client/src/index.ts';

/** Served by the site, and known to the browser only. */
const CLIENT: string = '/client/index.js';

type Client = typeof client;

export interface Given {
  /** Gray values of a picture of 28 by 28. */
  readonly pixels: readonly number[];
  /** The same as a PNG, in base64. */
  readonly png: string;
  readonly module: string;
  /** Of the page. */
  readonly origin: string;
}

export const given = (pixels: readonly number[], png: string, origin: string): Given => ({
  pixels,
  png,
  module: CLIENT,
  origin,
});

export async function infer({ pixels, module, origin }: Given) {
  const { Floe, tensor, toNested }: Client = await import(module);
  const floe = new Floe(origin);
  const x = tensor(Float32Array.from(pixels), [1, 28, 28, 1]);
  const { outputs, version, requestId } = await floe.infer('digits', { x }, { outputs: ['klass', 'probs'] });
  const { klass, probs } = outputs;
  if (klass === undefined || probs === undefined) throw new Error('outputs are missing');
  return { klass: String(toNested(klass)), dtype: klass.dtype, probs: probs.shape, version, requestId };
}

export async function predict({ pixels, png, module, origin }: Given) {
  const { Floe }: Client = await import(module);
  const floe = new Floe(origin);
  const rows = Array.from({ length: 28 }, (_, row) => pixels.slice(row * 28, row * 28 + 28).map((pixel) => [pixel]));
  const bytes = Uint8Array.from(atob(png), (character) => character.charCodeAt(0));
  const [numbers, picture] = await Promise.all([
    floe.predict('digits', { instances: [rows] }),
    floe.predictImage('digits', new Blob([bytes]), 'image/png'),
  ]);
  return { numbers: numbers.predictions, picture: picture.predictions };
}

export async function feedback({ pixels, module, origin }: Given) {
  const { Floe, tensor }: Client = await import(module);
  const floe = new Floe(origin);
  const asked = await floe.infer('digits', { x: tensor(Float32Array.from(pixels), [1, 28, 28, 1]) });
  return await floe.feedback('digits', { requestId: asked.requestId, label: 7 });
}

export async function again({ pixels, module, origin }: Given) {
  const { Floe, tensor }: Client = await import(module);
  const floe = new Floe(`${origin}/busy`);
  const { version } = await floe.infer('digits', { x: tensor(Float32Array.from(pixels), [1, 28, 28, 1]) });
  const once = new Floe(`${origin}/busy`, { retries: 0 });
  const refused = await once.metadata('digits').catch((error: client.FloeClientError) => error.code);
  return { version, refused };
}

export async function late({ module, origin }: Given) {
  const { Floe }: Client = await import(module);
  const floe = new Floe(`${origin}/silent`);
  const codeOf = (error: client.FloeClientError): string => error.code;
  const controller = new AbortController();
  const cancelled = floe.metadata('digits', {}, { signal: controller.signal }).catch(codeOf);
  controller.abort();
  return [await floe.metadata('digits', {}, { timeoutMs: 50 }).catch(codeOf), await cancelled];
}

export async function wrong({ module, origin }: Given) {
  const { Floe, FloeClientError, tensor }: Client = await import(module);
  const floe = new Floe(origin);
  const error: unknown = await floe.infer('none', { x: tensor(['text'], [1]) }).catch((thrown: unknown) => thrown);
  if (!(error instanceof FloeClientError)) throw new Error(`it throws ${error}`);
  return [error.code, error.status, error.message];
}
