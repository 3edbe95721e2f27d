/** The Open Inference Protocol V2 over HTTP: health, metadata, infer. What Triton adds to it is in `v2-extensions.ts`. */
import { FloeError } from '@floe/graph/base';
import { serverMetadata } from '../../codec/v2-rest/metadata.ts';
import { modelMetadata } from '../../codec/v2-rest/models.ts';
import type { ModelRef } from '../../core/inference.ts';
import { servingVersions } from '../about-models.ts';
import { release } from '../codecs/offload.ts';
import { decoded, type HttpContext, JSON_TYPE, readTensors, sendError } from './context.ts';
import { HttpError, methodNotAllowed } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { infer } from './infer.ts';
import { sendPacked } from './packing.ts';
import { extensionRoutes } from './v2-extensions.ts';
import { MODEL, type Route } from './v2-route.ts';

const HEADER_LENGTH = 'inference-header-content-length';
const INFER = new RegExp(`^${MODEL}/infer$`);
const NO_MODEL: ModelRef = { name: '' };

export class V2Routes {
  private readonly context: HttpContext;
  private readonly routes: readonly Route[];

  constructor(context: HttpContext) {
    this.context = context;
    const { models, options } = context;
    const server = JSON.stringify(serverMetadata(options.version));
    this.routes = [
      { pattern: /^\/v2$/, get: async (exchange) => exchange.send(200, JSON_TYPE, server) },
      { pattern: /^\/v2\/health\/live$/, get: async (exchange) => sendHealth(exchange, 'live', true) },
      { pattern: /^\/v2\/health\/ready$/, get: async (exchange) => sendHealth(exchange, 'ready', models.ready()) },
      // Before the models: `/v2/models/stats` is about all of them.
      ...extensionRoutes(context),
      { pattern: new RegExp(`^${MODEL}$`), get: (exchange, ref) => this.metadata(exchange, ref) },
      { pattern: new RegExp(`^${MODEL}/ready$`), get: (exchange, ref) => this.ready(exchange, ref) },
      { pattern: INFER, post: (exchange, ref) => this.infer(exchange, ref) },
    ];
  }

  /** Throws what is wrong with method and path; what goes wrong later is sent. */
  answer(exchange: Exchange): void {
    const { method, path } = exchange;
    // What is asked most is found first.
    const asked = method === 'POST' ? INFER.exec(path) : null;
    if (asked !== null) {
      const ref = refOf(exchange, asked);
      this.sending(exchange, ref, this.infer(exchange, ref));
      return;
    }
    for (const { pattern, get, post } of this.routes) {
      const found = pattern.exec(path);
      if (found === null) continue;
      const answer = method === 'POST' ? post : method === 'GET' || method === 'HEAD' ? get : undefined;
      if (answer === undefined)
        throw methodNotAllowed(exchange, [get && 'GET, HEAD', post && 'POST'].filter(Boolean).join(', '));
      const ref = found.length > 1 ? refOf(exchange, found) : NO_MODEL;
      this.sending(exchange, ref, answer(exchange, ref));
      return;
    }
    throw new FloeError('NOT_FOUND', `there is nothing at ${method} ${path}`);
  }

  private sending(exchange: Exchange, ref: ModelRef, answer: Promise<void>): void {
    answer.catch((thrown: unknown) => sendError(this.context, thrown, exchange, ref));
  }

  private async infer(exchange: Exchange, ref: ModelRef): Promise<void> {
    const { context } = this;
    const body = await readTensors(context, exchange);
    const length = exchange.request.headers[HEADER_LENGTH];
    const call = typeof length === 'string' ? { body, headerLength: length } : { body };
    const answer = await infer(context, exchange, context.codecs.v2, ref, call);
    release(call);
    if (answer.headerLength === undefined) return sendPacked(exchange, JSON_TYPE, answer.body);
    exchange.header(HEADER_LENGTH, answer.headerLength);
    return sendPacked(exchange, 'application/octet-stream', answer.body);
  }

  private async metadata(exchange: Exchange, ref: ModelRef): Promise<void> {
    const { models } = this.context;
    const body = await models.use(ref, (servable) =>
      JSON.stringify(modelMetadata(servable, servingVersions(models, { name: ref.name }))),
    );
    exchange.send(200, JSON_TYPE, body);
  }

  /** 200 where a version serves, 404 for a model or version that is not there, 400 where it is not ready. */
  private async ready(exchange: Exchange, ref: ModelRef): Promise<void> {
    if (servingVersions(this.context.models, ref).length === 0)
      throw new FloeError('FAILED_PRECONDITION', 'Model version not ready');
    exchange.send(200, JSON_TYPE, JSON.stringify({ name: ref.name, ready: true }));
  }
}

/** Triton's clients go by the status, KServe's by the body. */
function sendHealth(exchange: Exchange, probe: string, well: boolean): void {
  exchange.send(well ? 200 : 400, JSON_TYPE, JSON.stringify({ [probe]: well }));
}

/** Of the groups that `MODEL` has. Throws INVALID_ARGUMENT. */
function refOf(exchange: Exchange, [, model = '', version]: readonly (string | undefined)[]): ModelRef {
  const name = decoded(model, 'name');
  exchange.model = name;
  if (version === undefined) return { name };
  if (/^\d{1,15}$/.test(version)) return { name, version: Number(version) };
  throw new HttpError(
    400,
    'INVALID_ARGUMENT',
    `failed to get model version from specified version string '${version}'`,
  );
}
