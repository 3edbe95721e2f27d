/** What the host's ops share: strings and tables are values that no engine has, so these run in JavaScript before and after it. */
import { type FloeError, invalid } from '../errors.ts';
import { Attrs, type Node } from '../graph.ts';
import type { Tensor } from '../tensor.ts';

/** A vocabulary: what each key stands for. */
export interface Table {
  readonly size: number;
  /** Where the value of element `at` of `keys` is in `values`; undefined for a key that is not there. */
  find(keys: Tensor, at: number): number | undefined;
  readonly values: Tensor;
}

export type HostValue = Tensor | Table;

/** Pixels of an image, rows of interleaved channels. */
export interface Pixels {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

/** What ops need that pure TypeScript does not have. */
export interface HostPorts {
  /** Decodes a JPEG, PNG or the like; 0 channels: as many as it has. Throws INVALID_ARGUMENT. */
  decodeImage(bytes: Uint8Array, channels: number): Promise<Pixels>;
}

/** One node as its op sees it. */
export class HostNode {
  readonly node: Node;
  readonly attrs: Attrs;
  readonly ports: HostPorts;

  constructor(node: Node, ports: HostPorts) {
    this.node = node;
    this.attrs = new Attrs(node);
    this.ports = ports;
  }

  tensor(inputs: readonly HostValue[], at: number): Tensor {
    const value = inputs[at];
    if (value === undefined || !('dtype' in value)) throw this.fail(`has no tensor as input ${at}`);
    return value;
  }

  strings(inputs: readonly HostValue[], at: number): readonly Uint8Array[] {
    const { dtype, data } = this.tensor(inputs, at);
    if (dtype !== 'string') throw this.fail(`needs strings as input ${at}, not ${dtype}`);
    return data as readonly Uint8Array[];
  }

  /** INVALID_ARGUMENT naming node and op; `what` continues the sentence. */
  fail(what: string): FloeError {
    const { name, op } = this.node;
    return invalid(`node ${name} (${op}) ${what}`, { node: name, op });
  }
}

/** The values of a node's outputs. */
export type HostOp = (
  node: HostNode,
  inputs: readonly HostValue[],
) => readonly HostValue[] | Promise<readonly HostValue[]>;
export type HostTable = Readonly<Record<string, HostOp>>;
