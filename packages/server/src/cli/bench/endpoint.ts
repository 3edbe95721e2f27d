/** What the two protocols have in common for whoever sends requests; `v2.ts` and `tfs.ts` are the protocols. */
import type { DType } from '@floe/graph/base';
import type { NamedTensor } from '../v2-binary.ts';

/** An input as the endpoint's metadata tells it; unknown dimensions are -1, an unknown rank is null. */
export interface InputSpec {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[] | null;
}

/** The body of a request and what its headers have to say about it. */
export interface Payload {
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Described {
  readonly inputs: readonly InputSpec[];
  /** A request with these inputs. */
  payload(inputs: readonly NamedTensor[]): Payload;
}

export interface Protocol {
  /** Path that tells about a model. */
  metadataPath(model: string): string;
  inferPath(model: string): string;
  /** Throws FAILED_PRECONDITION where the reply is none of this protocol. */
  describe(metadata: unknown): Described;
}

export const JSON_HEADERS = { 'content-type': 'application/json' };
