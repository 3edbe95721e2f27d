/**
 * TensorFlow Serving's URLs, all behind one wildcard and taken apart by its own patterns, so that whatever is malformed is answered
 * as it answers (`http_rest_api_util.cc`). A picture as the body of `:predict`, or pictures as a form, are
 * ours, and are answered in our form.
 */
import { FloeError, invalid } from '@floe/graph/base';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { imageCodec } from '../../codec/image/codec.ts';
import { tfsRestCodec } from '../../codec/tfs-rest/codec.ts';
import { metadataBody, missingStatus, statusBody } from '../../codec/tfs-rest/metadata.ts';
import type { ModelRef } from '../../core/inference.ts';
import { releaseBody } from './body.ts';
import { bodyOf, type HttpContext, JSON_TYPE, sendError, sendJson, tensorBody } from './context.ts';
import { HttpError } from './errors.ts';
import { infer } from './infer.ts';

const PREDICTION = /^\/v1\/models\/([^/:]+)(?:\/versions\/(\d+)|\/labels\/([^/:]+))?:(classify|regress|predict)$/i;
const STATUS = /^\/v1\/models(?:\/([^/:]+))?(?:\/versions\/(\d+)|\/labels\/([^/:]+))?(?:\/(metadata))?$/i;
const IMAGE_TYPE = /^image\/(jpeg|jpg|png|webp)\s*(;|$)/i;
const FORM_TYPE = /^multipart\/form-data\s*;/i;
const GREATEST_INT64 = 2n ** 63n - 1n;

export function addTfsRoutes(app: FastifyInstance, context: HttpContext): void {
  const handler = (request: FastifyRequest, reply: FastifyReply) => answerTfs(context, request, reply);
  app.route({ method: ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'], url: '/v1/*', handler });
}

export async function answerTfs(context: HttpContext, request: FastifyRequest, reply: FastifyReply) {
  let ref: ModelRef | undefined;
  try {
    const path = pathOf(request.raw.url ?? '');
    const { method } = request;
    const [, name, version, label, verb = ''] = match(method, path) ?? [];
    if (name === undefined && !(method === 'GET' && STATUS.test(path))) {
      throw invalid(`Malformed request: ${method} ${path}`);
    }
    if (name === undefined) throw invalid('Missing model name in request.');
    ref = refOf(name, version, label);
    request.model = ref.name;
    reply.header('content-type', JSON_TYPE);
    if (method === 'POST') return await predict(context, ref, verb.toLowerCase(), request, reply);
    if (verb !== '') return reply.send(await context.models.use(ref, metadataBody));
    return reply.send(status(context, ref));
  } catch (thrown) {
    return sendError(context, thrown, request, reply, ref);
  }
}

function match(method: string, path: string): RegExpExecArray | null {
  if (method === 'POST') return PREDICTION.exec(path);
  return method === 'GET' || method === 'HEAD' ? STATUS.exec(path) : null;
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

function refOf(name: string, version: string | undefined, label: string | undefined): ModelRef {
  const decoded = decode(name, 'name');
  if (label !== undefined) return { name: decoded, label: decode(label, 'version label') };
  if (version === undefined) return { name: decoded };
  if (BigInt(version) > GREATEST_INT64) throw invalid(`Failed to convert version: ${version} to numeric.`);
  return { name: decoded, version: Number(version) };
}

function decode(part: string, what: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw invalid(`Failed to decode model ${what}:${part}`);
  }
}

async function predict(
  context: HttpContext,
  ref: ModelRef,
  verb: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (verb !== 'predict') throw new FloeError('UNIMPLEMENTED', `${verb} is not supported; use predict`);
  const type = request.headers['content-type'] ?? '';
  if (IMAGE_TYPE.test(type)) {
    request.dialect = 'image';
    const classes = await infer(context, request, reply, imageCodec, ref, { body: bodyOf(request) });
    return reply.send(JSON.stringify(classes));
  }
  if (FORM_TYPE.test(type)) return await predictForm(context, ref, type, request, reply);
  const body = tensorBody(request);
  const answer = await infer(context, request, reply, tfsRestCodec, ref, { body });
  releaseBody(body);
  return sendJson(reply, answer);
}

async function predictForm(
  context: HttpContext,
  ref: ModelRef,
  contentType: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  request.dialect = 'image';
  const { formCodec } = await import('../../codec/image/form.ts');
  const form = { body: bodyOf(request), contentType };
  return reply.send(JSON.stringify(await infer(context, request, reply, formCodec, ref, form)));
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
