/**
 * Asks Floe, or any server of the Open Inference Protocol V2, from Node.js and browsers.
 *
 *   import { Floe, tensor } from '@floe/client';
 *   const floe = new Floe('http://127.0.0.1:8501');
 *   const { outputs, requestId } = await floe.infer('digits', { x: tensor(pixels, [1, 28, 28, 1]) });
 *   await floe.feedback('digits', { requestId, label: 7 });
 */
import { type About, type AskOptions, about, askHeaders, type InferOptions, type Inferred, type Which } from './ask.ts';
import { type Answer, type Body, type Call, type CallContext, type CallOptions, patience, send } from './call.ts';
import { Room } from './room.ts';
import { decodeInfer, encodeInfer, type InferAnswer, parseJson, type Tensors } from './v2.ts';

export type { About, AskOptions, InferOptions, Inferred, Which } from './ask.ts';
export type { Body, CallOptions } from './call.ts';
export { type Code, FloeClientError } from './errors.ts';
export {
  type DType,
  type Elements,
  fromNested,
  type Nested,
  type NumericDType,
  numbers,
  type Tensor,
  tensor,
  texts,
  toNested,
} from './tensor.ts';
export type { Tensors } from './v2.ts';

export interface FloeOptions {
  /** API key. */
  readonly key?: string;
  /** Milliseconds for a call and all its attempts; 30,000. */
  readonly timeoutMs?: number;
  /** Times that a call is asked again where that is safe; 3. */
  readonly retries?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly fetch?: typeof fetch;
}

export interface Predicted extends About {
  /** As TensorFlow Serving's REST API answers. */
  readonly predictions: unknown;
}

/** A label for a request that was answered, or examples with their labels. */
export type Feedback =
  | { readonly requestId: string; readonly label: number | string }
  | { readonly requestId: string; readonly labels: readonly (number | string)[] }
  | {
      readonly instances: readonly unknown[];
      readonly labels: readonly (number | string)[];
      readonly subject?: string;
    };

export class Floe {
  private readonly base: string;
  private readonly context: CallContext;
  private readonly room = new Room();

  /** `url`: such as `https://models.example.com`. */
  constructor(url: string, options: FloeOptions = {}) {
    const { key, headers = {} } = options;
    this.base = url.replace(/\/+$/, '');
    this.context = {
      // A browser's fetch wants to be called by itself.
      fetch: options.fetch ?? ((...args) => fetch(...args)),
      headers: { ...headers, ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
      ...patience(options),
    };
  }

  /** Tensors in, tensors out, as raw bytes. Throws FloeClientError. */
  async infer(model: string, inputs: Tensors, options: InferOptions = {}): Promise<Inferred> {
    const { version, outputs, priority, parameters } = options;
    const said = {
      ...(outputs === undefined ? {} : { outputs }),
      parameters: { ...parameters, ...(priority === undefined ? {} : { priority }) },
    };
    const { body, headerLength } = encodeInfer(inputs, said, this.room.take);
    const at = version === undefined ? '' : `/versions/${encodeURIComponent(String(version))}`;
    const response = await this.send(`/v2/models/${encodeURIComponent(model)}${at}/infer`, options, {
      headers: { ...askHeaders(options), 'inference-header-content-length': String(headerLength) },
      body,
    });
    // Whoever has answered well has read all of it; of a call that fails it may be on its way still.
    this.room.giveBack(body);
    const answer: InferAnswer = decodeInfer(response.bytes, response.headers.get('inference-header-content-length'));
    return { outputs: answer.outputs, ...about((name) => response.headers.get(name), answer.version) };
  }

  /** `{ instances }` or `{ inputs }`, as TensorFlow Serving's REST API takes them. */
  predict(model: string, body: object, options: AskOptions & Which = {}): Promise<Predicted> {
    return this.predicted(model, 'application/json', JSON.stringify(body), options);
  }

  /** A JPEG, PNG or WebP for a model that says how it takes images. */
  predictImage(model: string, image: Body, type: string, options: AskOptions & Which = {}): Promise<Predicted> {
    return this.predicted(model, type, image, options);
  }

  /** Says what would have been right. */
  async feedback(model: string, said: Feedback, options: CallOptions = {}): Promise<{ readonly requestId: string }> {
    const response = await this.send(`/v1/models/${encodeURIComponent(model)}/feedback`, options, {
      body: JSON.stringify(said),
      // The latest word on a request counts; an example that is said twice is there twice.
      isRepeatable: 'requestId' in said,
    });
    return parseJson(response.bytes);
  }

  /** Inputs, outputs and platform of a model. */
  async metadata(model: string, { version }: Which = {}, options: CallOptions = {}): Promise<Record<string, unknown>> {
    const at = version === undefined ? '' : `/versions/${encodeURIComponent(String(version))}`;
    return parseJson((await this.get(`/v2/models/${encodeURIComponent(model)}${at}`, options)).bytes);
  }

  /** Whether all models serve, or one does. */
  async ready(model?: string, options: CallOptions = {}): Promise<boolean> {
    const path = model === undefined ? '/v2/health/ready' : `/v2/models/${encodeURIComponent(model)}/ready`;
    return this.get(path, { retries: 0, ...options }).then(
      () => true,
      () => false,
    );
  }

  private async predicted(model: string, type: string, body: Body, options: AskOptions & Which): Promise<Predicted> {
    const { version, label } = options;
    const at =
      version !== undefined
        ? `/versions/${encodeURIComponent(String(version))}`
        : label !== undefined
          ? `/labels/${encodeURIComponent(label)}`
          : '';
    const response = await this.send(`/v1/models/${encodeURIComponent(model)}${at}:predict`, options, {
      headers: { ...askHeaders(options), 'content-type': type },
      body,
    });
    const { predictions, outputs } = parseJson<{ predictions?: unknown; outputs?: unknown }>(response.bytes);
    return { predictions: predictions ?? outputs, ...about((name) => response.headers.get(name), '') };
  }

  private send(
    path: string,
    options: CallOptions,
    call: Pick<Call, 'headers' | 'body'> & Partial<Pick<Call, 'isRepeatable'>>,
  ): Promise<Answer> {
    return send({ url: this.base + path, method: 'POST', isRepeatable: true, ...call }, options, this.context);
  }

  private get(path: string, options: CallOptions): Promise<Answer> {
    return send({ url: this.base + path, method: 'GET', isRepeatable: true }, options, this.context);
  }
}
