/**
 * The words of an inference: what a codec makes of a request, what a servable offers, and the ports between the two.
 */
import type { Signature, Tensor } from '@floe/graph/base';
import type { Asker } from './canary.ts';
import type { EncodedForm } from './encoded-form.ts';
import type { Later } from './later.ts';
import type { Terms } from './terms.ts';

/** Which version of which model is asked for. Neither version nor label: the one that serves by default. */
export interface ModelRef {
  readonly name: string;
  readonly version?: number;
  readonly label?: string;
}

/** An image that lies elsewhere; the input stage fetches it, where the server's configuration allows its host. */
export interface ImageUrl {
  readonly url: string;
}

/** JPEG, PNG or WebP bytes as they came over the wire, or where they are. */
export type EncodedImage = Uint8Array | ImageUrl;

/** One image for each row of the batch; the input stage makes a tensor of them. */
export interface EncodedImages {
  readonly images: readonly EncodedImage[];
}

export type InputValue = Tensor | EncodedImages;

/** Images whose bytes are here: they came with the request or were fetched. */
export interface KnownImages {
  readonly images: readonly Uint8Array[];
  /** Names all of the images, in order, and what they become. */
  readonly digest: string;
}

export type KnownInput = Tensor | KnownImages;

/** A decoded request. */
export interface InferCall {
  /** Signature key; absent where inputs and outputs are plain graph tensors, or for the default signature. */
  readonly signature?: string;
  /** By signature key, or by graph name (`x` and `x:0` are one). */
  readonly inputs: ReadonlyMap<string, InputValue>;
  /** Names wanted, in order: signature keys or graph names. Absent: all outputs of the signature. */
  readonly outputs?: readonly string[];
  readonly wishes?: Wishes;
}

/** What a request says of its own importance, where its protocol has words for that. */
export interface Wishes {
  /** Multiplies the caller's weight; 1 is usual. */
  readonly priority?: number;
  /** Milliseconds from its arrival after which the answer is worth nothing. */
  readonly timeoutMs?: number;
}

/** A call whose inputs can be told apart from all others. */
export interface KnownCall extends InferCall {
  readonly inputs: ReadonlyMap<string, KnownInput>;
}

export interface NamedTensor {
  readonly name: string;
  readonly tensor: Tensor;
}

/** How the server turns an encoded image into one row of an input. Stored in `model.json`. */
export interface ImageSpec {
  /** Rows and columns of the tensor. */
  readonly size: readonly [height: number, width: number];
  readonly channels: 1 | 3;
  /** `fill` stretches, `cover` crops what is left over, `contain` pads with black. */
  readonly fit: 'fill' | 'cover' | 'contain';
  /**
   * `fast` turns the image upright, keeps its colours and resizes while decoding; the `tf-` ones give what `tf.image.resize` gives for
   * what `tf.io.decode_image` reads, without and with `antialias`.
   */
  readonly resize: 'fast' | 'tf-bilinear' | 'tf-antialias';
  readonly colour: 'grey' | 'rgb' | 'bgr';
  /** Each value becomes `value * scale[channel] + offset[channel]`, from 0..255; one number stands for all channels. */
  readonly scale: readonly number[];
  readonly offset: readonly number[];
  readonly layout: 'NHWC' | 'NCHW';
  /** Invert 0..255 first: dark ink on light paper, for models trained on light strokes. */
  readonly invert: boolean;
}

/** What is known of a loaded version; codecs decode and encode against it. */
export interface ServableInfo {
  readonly model: string;
  readonly version: number;
  readonly signatures: Readonly<Record<string, Signature>>;
  readonly defaultSignature: string;
  /** Class names by index; empty where the model has none. */
  readonly labels: readonly string[];
  /** By signature, then by input key. */
  readonly preprocessing: Readonly<Record<string, Readonly<Record<string, ImageSpec>>>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** False where equal inputs may give other outputs. */
  readonly deterministic: boolean;
}

/** An answer before it is put into a protocol's form. */
export interface Answer {
  readonly servable: ServableInfo;
  /** Version that computed it: a cached answer may be older than the servable. */
  readonly version: number;
  readonly call: InferCall;
  readonly outputs: readonly NamedTensor[];
}

/** One protocol's way of saying requests and answers, which may take its time: what is large is read and written elsewhere. */
export interface LaterCodec<Request, Reply> {
  /** Throws FloeError naming the field and the tensor that is wrong. */
  decode(request: Request, servable: ServableInfo): Later<InferCall>;
  encode(answer: Answer, request: Request): Later<Reply>;
  /** The form in which the reply may be kept; absent where the reply depends on more than the outputs. Asked after `decode`. */
  form?(request: Request, call: InferCall): EncodedForm<Reply> | undefined;
}

/** One that answers at once. Pure: no I/O, no state. */
export interface Codec<Request, Reply> extends LaterCodec<Request, Reply> {
  decode(request: Request, servable: ServableInfo): InferCall;
  encode(answer: Answer, request: Request): Reply;
}

/** A loaded version that can run. */
export interface Servable extends ServableInfo {
  run(
    call: { signature?: string; inputs: ReadonlyMap<string, Tensor>; outputs?: readonly string[] },
    terms: Terms,
  ): Later<readonly NamedTensor[]>;
}

export type VersionState = 'START' | 'LOADING' | 'AVAILABLE' | 'UNLOADING' | 'END';

export interface VersionStatus {
  readonly version: number;
  readonly state: VersionState;
  /** Canonical code and message of the last error; `OK` and empty where there was none. */
  readonly errorCode: string;
  readonly errorMessage: string;
}

/** Work with a servable. `isStable` is true where it is the one that answers those who ask for none in particular. */
export type ServableWork<T> = (servable: Servable, isStable: boolean) => Later<T>;

/** What transports see of all models. */
export interface Models {
  /**
   * Holds the servable for as long as `work` runs; a canary has its share of those who say who asks. Throws NOT_FOUND, UNAVAILABLE.
   */
  use<T>(ref: ModelRef, work: ServableWork<T>, asker?: Asker): Promise<T>;
  names(): readonly string[];
  /** States of all versions of a model, newest first. Throws NOT_FOUND for an unknown model or version. */
  status(ref: ModelRef): readonly VersionStatus[];
  /** True once every model that was there at the start has a version that serves, until the server drains. */
  ready(): boolean;
  /** What it still waits for until then, in words; empty afterwards. */
  missing(): string;
}
