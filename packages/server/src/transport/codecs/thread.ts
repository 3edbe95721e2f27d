/** The codec thread: reads and writes what is too large to be read and written between two small requests. */
import { parentPort } from 'node:worker_threads';
import { asFloeError } from '@floe/graph/base';
import { tfsRestCodec } from '../../codec/tfs-rest/codec.ts';
import { v2RestCodec } from '../../codec/v2-rest/codec.ts';
import type { Codec } from '../../core/inference.ts';
import { buffersOf, type CodecName, type Decoded, type Encoded, type Question, type Reply } from './messages.ts';

/** What the codecs take and give, as far as it matters here. */
type Any = Codec<{ body: Uint8Array }, Buffer | { readonly body: Buffer; readonly headerLength?: number }>;
const CODECS: Readonly<Record<CodecName, Any>> = { tfs: tfsRestCodec as Any, v2: v2RestCodec as Any };

parentPort?.on('message', ({ id, question }: { id: number; question: Question }) => {
  try {
    const [value, buffers] = answer(question);
    parentPort?.postMessage({ id, value } satisfies Reply, buffers);
  } catch (thrown) {
    const { code, message, details } = asFloeError(thrown);
    parentPort?.postMessage({ id, code, message, details } satisfies Reply);
  }
});

function answer(question: Question): [Decoded | Encoded, ArrayBuffer[]] {
  const codec = CODECS[question.codec];
  const servable = { ...question.servable, metadata: {} };
  if (question.kind === 'decode') {
    const { request } = question;
    const call = codec.decode(request, servable);
    const { body, ...noted } = request;
    const buffers = buffersOf(call.inputs.values());
    if (body.buffer instanceof ArrayBuffer && !buffers.includes(body.buffer)) body.buffer.transfer(0);
    return [{ call, noted }, buffers];
  }
  const { version, outputs, request } = question;
  const call = { inputs: new Map() };
  const reply = codec.encode({ servable, version, call, outputs }, request as { body: Uint8Array });
  const { body, ...rest } = Buffer.isBuffer(reply) ? { body: reply } : reply;
  return [{ body, ...rest }, buffersOf([{ images: [body] }])];
}
