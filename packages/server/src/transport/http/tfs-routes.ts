/**
 * TensorFlow Serving's URLs, taken apart by its own patterns, so that whatever is malformed is answered
 * as it answers (`http_rest_api_util.cc`). A picture as the body of `:predict`, or pictures as a form, are
 * ours, and are answered in our form.
 */
import { FloeError, invalid } from '@floe/graph/base';
import { imageCodec } from '../../codec/image/codec.ts';
import { metadataBody, missingStatus, statusBody } from '../../codec/tfs-rest/metadata.ts';
import type { ModelRef } from '../../core/inference.ts';
import { release } from '../codecs/offload.ts';
import { bodyOf, decoded, type HttpContext, JSON_TYPE, readTensors, sendError } from './context.ts';
import { HttpError, methodNotAllowed } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { infer } from './infer.ts';
import { sendPacked } from './packing.ts';

const PREDICTION = /^\/v1\/models\/([^/:]+)(?:\/versions\/(\d+)|\/labels\/([^/:]+))?:(classify|regress|predict)$/i;
const STATUS = /^\/v1\/models(?:\/([^/:]+))?(?:\/versions\/(\d+)|\/labels\/([^/:]+))?(?:\/(metadata))?$/i;
const IMAGE_TYPE = /^image\/(jpeg|jpg|png|webp)\s*(;|$)/i;
const FORM_TYPE = /^multipart\/form-data\s*;/i;
const GREATEST_INT64 = 2n ** 63n - 1n;

/** Throws what is wrong before a model is named; what goes wrong later is sent. */
export function answerTfs(context: HttpContext, exchange: Exchange): void {
  const { method, path } = exchange;
  const [, name, version, label, verb = ''] = match(method, path) ?? [];
  if (!TAKEN.has(method)) throw methodNotAllowed(exchange, PREDICTION.test(path) ? 'POST' : 'GET, HEAD');
  if (name === undefined && !(method === 'GET' && STATUS.test(path))) {
    throw invalid(`Malformed request: ${method} ${path}`);
  }
  if (name === undefined) throw invalid('Missing model name in request.');
  const ref = refOf(name, version, label);
  exchange.model = ref.name;
  const answer =
    method === 'POST' ? predict(context, ref, verb.toLowerCase(), exchange) : about(context, ref, verb, exchange);
  answer.catch((thrown: unknown) => sendError(context, thrown, exchange, ref));
}

/** Others never reach TensorFlow Serving's own code. */
const TAKEN: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE']);

function match(method: string, path: string): RegExpExecArray | null {
  if (method === 'POST') return PREDICTION.exec(path);
  return method === 'GET' || method === 'HEAD' ? STATUS.exec(path) : null;
}

function refOf(name: string, version: string | undefined, label: string | undefined): ModelRef {
  const model = decoded(name, 'name');
  if (label !== undefined) return { name: model, label: decoded(label, 'version label') };
  if (version === undefined) return { name: model };
  if (BigInt(version) > GREATEST_INT64) throw invalid(`Failed to convert version: ${version} to numeric.`);
  return { name: model, version: Number(version) };
}

async function predict(context: HttpContext, ref: ModelRef, verb: string, exchange: Exchange): Promise<void> {
  if (verb === 'classify' || verb === 'regress') return await askExamples(context, ref, verb, exchange);
  const type = exchange.request.headers['content-type'] ?? '';
  if (IMAGE_TYPE.test(type)) {
    exchange.dialect = 'image';
    const call = { body: await bodyOf(context, exchange) };
    return sendJson(exchange, await infer(context, exchange, imageCodec, ref, call));
  }
  if (FORM_TYPE.test(type)) return await predictForm(context, ref, type, exchange);
  const call = { body: await readTensors(context, exchange) };
  const answer = await infer(context, exchange, context.codecs.tfs, ref, call);
  release(call);
  await sendPacked(exchange, JSON_TYPE, answer);
}

async function askExamples(
  context: HttpContext,
  ref: ModelRef,
  method: 'classify' | 'regress',
  exchange: Exchange,
): Promise<void> {
  const { tfsExamplesCodec } = await import('../../codec/tfs-rest/examples.ts');
  const call = { body: await bodyOf(context, exchange), method };
  await sendPacked(exchange, JSON_TYPE, await infer(context, exchange, tfsExamplesCodec, ref, call));
}

async function predictForm(
  context: HttpContext,
  ref: ModelRef,
  contentType: string,
  exchange: Exchange,
): Promise<void> {
  exchange.dialect = 'image';
  const { formCodec } = await import('../../codec/image/form.ts');
  const form = { body: await bodyOf(context, exchange), contentType };
  sendJson(exchange, await infer(context, exchange, formCodec, ref, form));
}

function sendJson(exchange: Exchange, answer: unknown): void {
  exchange.send(200, JSON_TYPE, JSON.stringify(answer));
}

async function about(context: HttpContext, ref: ModelRef, verb: string, exchange: Exchange): Promise<void> {
  const body = verb === '' ? status(context, ref) : await context.models.use(ref, metadataBody);
  exchange.send(200, JSON_TYPE, body);
}

/** All versions, or one; a label makes no difference, as in TensorFlow Serving. */
function status(context: HttpContext, { name, version }: ModelRef): string {
  const ref = version === undefined ? { name } : { name, version };
  try {
    return statusBody(context.models.status(ref));
  } catch (thrown) {
    if (thrown instanceof FloeError && thrown.code === 'NOT_FOUND')
      throw new HttpError(404, 'INTERNAL', missingStatus(ref));
    throw thrown;
  }
}
