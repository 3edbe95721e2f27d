/**
 * Codecs that leave large JSON to a thread. A number takes 20 to 150 ns to read or to write once the code is hot (a float64 to write 1 us) and
 * ten times that before: 1 MB on the event loop took 6 ms, and 40 the first time. What is smaller is not worth the way, some 50 us.
 */

import { tfsRestCodec } from '../../codec/tfs-rest/codec.ts';
import type { TfsPredictRequest } from '../../codec/tfs-rest/decode.ts';
import { v2RestCodec } from '../../codec/v2-rest/codec.ts';
import type { V2InferRequest } from '../../codec/v2-rest/decode.ts';
import { isBinary, type V2InferReply } from '../../codec/v2-rest/encode.ts';
import type { LaterCodec, NamedTensor, ServableInfo } from '../../core/inference.ts';
import type { CodecThread } from './codec-thread.ts';
import { alone, buffersOf, type CodecName, type CodecServable, type Decoded, type Encoded } from './messages.ts';

/** Bytes of JSON that are read on the event loop. */
export const MOST_READ = 128 * 1024;
/** Elements that are written on the event loop. */
export const MOST_WRITTEN = 16 * 1024;

export interface Codecs {
  readonly tfs: LaterCodec<TfsPredictRequest, Buffer>;
  readonly v2: LaterCodec<V2InferRequest, V2InferReply>;
}

export function offloading(thread: CodecThread): Codecs {
  return {
    tfs: {
      ...tfsRestCodec,
      decode: (request, servable) =>
        request.body.length <= MOST_READ
          ? tfsRestCodec.decode(request, servable)
          : decodeElsewhere(thread, 'tfs', request, servable),
      encode: (answer, request) =>
        elements(answer.outputs) <= MOST_WRITTEN
          ? tfsRestCodec.encode(answer, request)
          : encodeElsewhere(thread, 'tfs', answer, request).then(({ body }) => asBuffer(body)),
    },
    v2: {
      ...v2RestCodec,
      decode: (request, servable) =>
        jsonBytes(request) <= MOST_READ
          ? v2RestCodec.decode(request, servable)
          : decodeElsewhere(thread, 'v2', request, servable),
      encode: (answer, request) =>
        elements(answer.outputs.filter((_, output) => !isBinary(request.header, output))) <= MOST_WRITTEN
          ? v2RestCodec.encode(answer, request)
          : encodeElsewhere(thread, 'v2', answer, request).then(({ body, ...rest }) => ({
              ...rest,
              body: asBuffer(body),
            })),
    },
  };
}

function jsonBytes({ body, headerLength }: V2InferRequest): number {
  return headerLength === undefined ? body.length : Math.min(body.length, Number(headerLength) || 0);
}

function elements(outputs: readonly NamedTensor[]): number {
  let count = 0;
  for (const { tensor } of outputs) count += tensor.data.length;
  return count;
}

/** The body is handed over where it has its memory to itself, as large ones do: who asked must not read it again. */
async function decodeElsewhere(
  thread: CodecThread,
  codec: CodecName,
  request: { readonly body: Uint8Array },
  servable: ServableInfo,
) {
  const { buffer } = request.body;
  const transfer = buffer instanceof ArrayBuffer && isAlone(request.body) ? [buffer] : [];
  const question = { kind: 'decode', codec, request: { ...request }, servable: seen(servable) } as const;
  const { call, noted } = (await thread.ask(question, transfer)) as Decoded;
  Object.assign(request, noted);
  cameBack.set(request, buffersOf(call.inputs.values()));
  return call;
}

/** Memory that came back from the thread, by request. */
const cameBack = new WeakMap<object, readonly ArrayBuffer[]>();

/** Smaller bodies are left to the garbage collector. */
const LARGE = 64 * 1024;

/**
 * Gives the memory of a large request back at once. Left to the garbage collector, some twenty bodies of 600 KB bring about a full
 * collection each time, which holds up the event loop for 10 ms. Whoever calls this has the answer: no tensor that lies in the body is used
 * any more. Not so after a failure: a run that its caller has left may still read them.
 */
export function release(request: { readonly body: Uint8Array }): void {
  const { body } = request;
  if (body.byteLength >= LARGE && body.buffer instanceof ArrayBuffer) body.buffer.transfer(0);
  for (const buffer of cameBack.get(request) ?? []) if (!buffer.detached) buffer.transfer(0);
}

/** Room for an aligned body is at most seven bytes longer than it. */
const ALIGNMENT = 8;

function isAlone(body: Uint8Array): boolean {
  return body.buffer.byteLength - body.byteLength < ALIGNMENT;
}

/** Outputs are copied: they may be everybody's, in the cache. */
async function encodeElsewhere(
  thread: CodecThread,
  codec: CodecName,
  answer: { readonly servable: ServableInfo; readonly version: number; readonly outputs: readonly NamedTensor[] },
  request: { readonly body: Uint8Array },
): Promise<Encoded> {
  const { body: _, ...noted } = request;
  const outputs = answer.outputs.map(({ name, tensor }) => ({ name, tensor: alone(tensor) }));
  const { version } = answer;
  const question = {
    kind: 'encode',
    codec,
    request: noted,
    servable: seen(answer.servable),
    version,
    outputs,
  } as const;
  return (await thread.ask(question, [])) as Encoded;
}

function seen({
  model,
  version,
  signatures,
  defaultSignature,
  labels,
  preprocessing,
  deterministic,
}: ServableInfo): CodecServable {
  return { model, version, signatures, defaultSignature, labels, preprocessing, deterministic };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
