/** What a server and its codec thread say to each other. Errors cross as their parts: a class does not survive the way. */
import { isMarkedAsUntransferable } from 'node:worker_threads';
import type { ErrorCode, ErrorDetail, Tensor } from '@floe/graph/base';
import type { InferCall, InputValue, NamedTensor, ServableInfo } from '../../core/inference.ts';

export type CodecName = 'tfs' | 'v2';

/** What codecs look at of a servable. */
export type CodecServable = Omit<ServableInfo, 'metadata'>;

export type Question =
  | {
      readonly kind: 'decode';
      readonly codec: CodecName;
      readonly request: { readonly body: Uint8Array };
      readonly servable: CodecServable;
    }
  | {
      readonly kind: 'encode';
      readonly codec: CodecName;
      /** What `decode` noted of the request; its body is not needed any more. */
      readonly request: object;
      readonly servable: CodecServable;
      readonly version: number;
      readonly outputs: readonly NamedTensor[];
    };

/** The call, and what `decode` noted of the request. */
export interface Decoded {
  readonly call: InferCall;
  readonly noted: object;
}

/** A reply in memory of its own. */
export interface Encoded {
  readonly body: Uint8Array;
  readonly headerLength?: number;
}

export type Reply =
  | { readonly id: number; readonly value: Decoded | Encoded }
  | {
      readonly id: number;
      readonly code: ErrorCode;
      readonly message: string;
      readonly details: readonly ErrorDetail[];
    };

/** The memory behind inputs, each once, to be handed over with a message. */
export function buffersOf(inputs: Iterable<InputValue>): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const input of inputs) {
    for (const { buffer } of arraysOf(input)) if (buffer instanceof ArrayBuffer) buffers.add(buffer);
  }
  // Node's pool of small buffers is everybody's.
  return [...buffers].filter((buffer) => !isMarkedAsUntransferable(buffer));
}

function arraysOf(input: InputValue): readonly ArrayBufferView[] {
  if ('images' in input) return input.images.filter((image) => image instanceof Uint8Array);
  return ArrayBuffer.isView(input.data) ? [input.data] : (input.data as readonly Uint8Array[]);
}

/** The tensor in memory that nothing else lies in, so that only its own bytes are sent. */
export function alone(tensor: Tensor): Tensor {
  const { data } = tensor;
  if (!ArrayBuffer.isView(data) || data.byteLength === data.buffer.byteLength) return tensor;
  return { ...tensor, data: data.slice() };
}
