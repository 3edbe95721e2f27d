/** The Open Inference Protocol V2 over HTTP: health, metadata, infer. */
import { FloeError } from '@floe/graph/base';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { v2RestCodec } from '../../codec/v2-rest/codec.ts';
import { modelMetadata, serverMetadata } from '../../codec/v2-rest/metadata.ts';
import type { ModelRef } from '../../core/inference.ts';
import { releaseBody } from './body.ts';
import { type HttpContext, JSON_TYPE, sendError, sendJson, tensorBody } from './context.ts';
import { HttpError } from './errors.ts';
import { infer } from './infer.ts';

const HEADER_LENGTH = 'inference-header-content-length';

interface ModelParams {
  readonly model: string;
  readonly version?: string;
}

export function addV2Routes(app: FastifyInstance, context: HttpContext): void {
  const server = JSON.stringify(serverMetadata(context.options.version));
  app.get('/v2', (_request, reply) => reply.header('content-type', JSON_TYPE).send(server));
  app.get('/v2/health/live', (_request, reply) => reply.send());
  app.get('/v2/health/ready', (_request, reply) => reply.code(context.models.ready() ? 200 : 400).send());
  for (const model of ['/v2/models/:model', '/v2/models/:model/versions/:version']) {
    app.get(model, (request, reply) => metadata(context, request, reply));
    app.get(`${model}/ready`, (request, reply) => ready(context, request, reply));
    app.post(`${model}/infer`, (request, reply) => answerInfer(context, request, reply));
  }
}

function refOf(request: FastifyRequest): ModelRef {
  const { model, version } = request.params as ModelParams;
  request.model = model;
  if (version === undefined) return { name: model };
  if (/^\d{1,15}$/.test(version)) return { name: model, version: Number(version) };
  throw new HttpError(
    400,
    'INVALID_ARGUMENT',
    `failed to get model version from specified version string '${version}'`,
  );
}

async function answerInfer(context: HttpContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  let ref: ModelRef | undefined;
  try {
    ref = refOf(request);
    const length = request.headers[HEADER_LENGTH];
    const body = tensorBody(request);
    const call = typeof length === 'string' ? { body, headerLength: length } : { body };
    const answer = await infer(context, request, reply, v2RestCodec, ref, call);
    releaseBody(body);
    if (answer.headerLength === undefined) return sendJson(reply, answer.body);
    reply.header(HEADER_LENGTH, answer.headerLength);
    return reply.header('content-type', 'application/octet-stream').send(answer.body);
  } catch (thrown) {
    return sendError(context, thrown, request, reply, ref);
  }
}

async function metadata(context: HttpContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  let ref: ModelRef | undefined;
  try {
    ref = refOf(request);
    const versions = context.models.status({ name: ref.name }).filter(({ state }) => state === 'AVAILABLE');
    const numbers = versions.map(({ version }) => version).toSorted((a, b) => a - b);
    const body = await context.models.use(ref, (servable) => JSON.stringify(modelMetadata(servable, numbers)));
    return reply.header('content-type', JSON_TYPE).send(body);
  } catch (thrown) {
    return sendError(context, thrown, request, reply, ref);
  }
}

/** 200 where a version serves, 404 for a model or version that is not there, 400 where it is not ready. */
async function ready(context: HttpContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  let ref: ModelRef | undefined;
  try {
    ref = refOf(request);
    const states = context.models.status(ref);
    if (states.some(({ state }) => state === 'AVAILABLE')) return reply.send();
    throw new FloeError('FAILED_PRECONDITION', 'Model version not ready');
  } catch (thrown) {
    return sendError(context, thrown, request, reply, ref);
  }
}
