/** The demo's side of the wire: it asks like any client would, over HTTP. */
import { FloeError } from '@floe/graph/base';
import { MODEL } from './digits.ts';

/** Sends a request; throws INTERNAL with what the server said where it did not answer 200. */
export async function ask(url: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, init);
  if (!response.ok) throw new FloeError('INTERNAL', `the server said ${response.status}: ${await response.text()}`);
  return response;
}

/** `:predict` with a picture or with JSON. */
export function predict(http: string, type: string, body: string | Uint8Array<ArrayBuffer>): Promise<Response> {
  return ask(`${http}/v1/models/${MODEL}:predict`, { method: 'POST', headers: { 'content-type': type }, body });
}

export interface RawRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer<ArrayBuffer>;
}

/** The body and headers of a V2 request with raw tensors: so many digits of 28 x 28, in 0..1, behind a JSON header. */
export function rawRequest(rows: Float32Array, shape: readonly number[]): RawRequest {
  const header = JSON.stringify({
    inputs: [{ name: 'x', datatype: 'FP32', shape, parameters: { binary_data_size: rows.byteLength } }],
    outputs: [{ name: 'klass', parameters: { binary_data: true } }],
  });
  const tensor = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength);
  return {
    headers: { 'inference-header-content-length': String(header.length) },
    body: Buffer.concat([Buffer.from(header), tensor]),
  };
}
