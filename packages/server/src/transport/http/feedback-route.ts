/** `POST /v1/models/{name}/feedback`: what would have been right. */
import { FloeError, invalid } from '@floe/graph/base';
import { readFeedback } from '../../codec/feedback.ts';
import type { InputValue } from '../../core/inference.ts';
import type { Example } from '../../feedback/feedback.ts';
import type { Input } from '../../feedback/payload.ts';
import { bodyOf, decoded, type HttpContext, JSON_TYPE, sendError } from './context.ts';
import { methodNotAllowed } from './errors.ts';
import type { Exchange } from './exchange.ts';

export const FEEDBACK = /^\/v1\/models\/([^/:]+)\/feedback$/;

export async function answerFeedback(context: HttpContext, exchange: Exchange, name: string): Promise<void> {
  exchange.dialect = 'feedback';
  try {
    if (exchange.method !== 'POST') throw methodNotAllowed(exchange, 'POST');
    exchange.model = decoded(name, 'name');
    exchange.send(200, JSON_TYPE, JSON.stringify(await take(context, exchange)));
  } catch (thrown) {
    sendError(context, thrown, exchange);
  }
}

async function take(context: HttpContext, exchange: Exchange): Promise<object> {
  const { feedback } = context;
  if (feedback === undefined) {
    throw new FloeError('UNIMPLEMENTED', 'this server keeps no feedback: start it with --sql', { field: 'sql' });
  }
  const body = await bodyOf(context, exchange);
  const { requestId, labels, subject } = readFeedback(body);
  const { model } = exchange;
  const caller = exchange.caller.name;
  if (requestId !== undefined) {
    const classes = await context.models.use({ name: model }, (servable) => servable.labels);
    return { requestId, ...(await feedback.label({ model, requestId, labels, caller, classes })) };
  }
  const known = await context.models.use({ name: model }, async (servable) => {
    const call = await context.codecs.tfs.decode({ body }, servable);
    const inputs = new Map([...call.inputs].map(([input, value]) => [input, hereAlready(input, value)]));
    const { signature = servable.defaultSignature } = call;
    return { inputs, signature, classes: servable.labels };
  });
  const example: Example = { model, labels, caller, ...known, ...(subject === undefined ? {} : { subject }) };
  return { requestId: await feedback.add(example), rows: labels.length };
}

/** What lies elsewhere may be another picture by the time that somebody learns from it. */
function hereAlready(input: string, value: InputValue): Input {
  if (!('images' in value)) return value;
  const images = value.images.filter((image) => image instanceof Uint8Array);
  if (images.length === value.images.length) return { images };
  throw invalid(`input ${input}: an example needs the bytes of its images, not their URLs`, { tensor: input });
}
