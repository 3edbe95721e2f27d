/** The Open Inference Protocol V2 over HTTP: health, metadata, infer. */
import { FloeError } from '@floe/graph/base';
import { modelMetadata, serverMetadata } from '../../codec/v2-rest/metadata.ts';
import type { ModelRef } from '../../core/inference.ts';
import { release } from '../codecs/offload.ts';
import { decoded, type HttpContext, JSON_TYPE, readTensors, sendError } from './context.ts';
import { HttpError } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { infer } from './infer.ts';

const HEADER_LENGTH = 'inference-header-content-length';
const MODEL = /^\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?(?:\/(ready|infer))?$/;
const SERVER = /^\/v2(?:\/health\/(live|ready))?$/;

export class V2Routes {
  private readonly context: HttpContext;
  private readonly server: string;

  constructor(context: HttpContext) {
    this.context = context;
    this.server = JSON.stringify(serverMetadata(context.options.version));
  }

  /** Throws what is wrong with method and path; what goes wrong later is sent. */
  answer(exchange: Exchange): void {
    const { method, path } = exchange;
    const model = MODEL.exec(path);
    const [, name = '', version, verb] = model ?? [];
    if (method === 'POST' && verb === 'infer') return void this.infer(exchange, refOf(exchange, name, version));
    if (method !== 'GET' && method !== 'HEAD') throw this.nothingAt(exchange);
    if (model !== null && verb !== 'infer') return void this.about(exchange, refOf(exchange, name, version), verb);
    const server = SERVER.exec(path);
    if (server === null) throw this.nothingAt(exchange);
    const [, probe] = server;
    if (probe === undefined) exchange.send(200, JSON_TYPE, this.server);
    else this.health(exchange, probe, probe === 'live' || this.context.models.ready());
  }

  /** Triton's clients go by the status, KServe's by the body. */
  private health(exchange: Exchange, probe: string, well: boolean): void {
    exchange.send(well ? 200 : 400, JSON_TYPE, JSON.stringify({ [probe]: well }));
  }

  private nothingAt({ method, path }: Exchange): FloeError {
    if (MODEL.test(path) || SERVER.test(path)) return new HttpError(405, 'UNIMPLEMENTED', 'Method Not Allowed');
    return new FloeError('NOT_FOUND', `there is nothing at ${method} ${path}`);
  }

  private async infer(exchange: Exchange, ref: ModelRef): Promise<void> {
    const { context } = this;
    try {
      const body = await readTensors(context, exchange);
      const length = exchange.request.headers[HEADER_LENGTH];
      const call = typeof length === 'string' ? { body, headerLength: length } : { body };
      const answer = await infer(context, exchange, context.codecs.v2, ref, call);
      release(call);
      if (answer.headerLength === undefined) return exchange.send(200, JSON_TYPE, answer.body);
      exchange.header(HEADER_LENGTH, answer.headerLength).send(200, 'application/octet-stream', answer.body);
    } catch (thrown) {
      sendError(context, thrown, exchange, ref);
    }
  }

  private async about(exchange: Exchange, ref: ModelRef, verb: string | undefined): Promise<void> {
    try {
      if (verb === 'ready') this.ready(exchange, ref);
      else await this.metadata(exchange, ref);
    } catch (thrown) {
      sendError(this.context, thrown, exchange, ref);
    }
  }

  private async metadata(exchange: Exchange, ref: ModelRef): Promise<void> {
    const { models } = this.context;
    const versions = models.status({ name: ref.name }).filter(({ state }) => state === 'AVAILABLE');
    const numbers = versions.map(({ version }) => version).toSorted((a, b) => a - b);
    const body = await models.use(ref, (servable) => JSON.stringify(modelMetadata(servable, numbers)));
    exchange.send(200, JSON_TYPE, body);
  }

  /** 200 where a version serves, 404 for a model or version that is not there, 400 where it is not ready. */
  private ready(exchange: Exchange, ref: ModelRef): void {
    const isReady = this.context.models.status(ref).some(({ state }) => state === 'AVAILABLE');
    if (!isReady) throw new FloeError('FAILED_PRECONDITION', 'Model version not ready');
    exchange.send(200, JSON_TYPE, JSON.stringify({ name: ref.name, ready: true }));
  }
}

function refOf(exchange: Exchange, model: string, version: string | undefined): ModelRef {
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
