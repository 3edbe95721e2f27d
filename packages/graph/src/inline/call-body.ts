/**
 * The nodes of one function call as nodes of the caller. Inside a function a tensor is `node:output_argument:i`, or the name of an
 * argument; outside it is `node:k`. Source: `tensorflow/core/framework/function.proto`.
 */
import { type FloeError, invalid } from '../errors.ts';
import type { Node } from '../graph.ts';
import type { AttrValue, FunctionDef, NameAttrList } from '../proto/tensorflow.ts';
import { argsOfFunction, outputOffset, typesOfArgs } from './op-types.ts';
import { dataInputs, isControl } from './walk.ts';

/** `DT_RESOURCE`. */
export const RESOURCE = 20;

type Attributes = ReadonlyMap<string, AttrValue>;

export interface Call {
  readonly node: Node;
  /** The function's name. */
  readonly name: string;
  /** Values of the function's own attributes. */
  readonly attrs: Attributes;
  readonly fn: FunctionDef;
  readonly functions: ReadonlyMap<string, FunctionDef>;
  /** Whether nodes without inputs must depend on the call's inputs. */
  readonly guard: boolean;
}

/** A PartitionedCall names its function in attribute `f`; any other call has the function's name for an op. */
export function calledFunction(node: Node): { name: string; attrs: Attributes } {
  if (node.op !== 'PartitionedCall' && node.op !== 'StatefulPartitionedCall')
    return { name: node.op, attrs: node.attr };
  const func = node.attr.get('f')?.func;
  if (func === undefined)
    throw invalid(`call ${node.name} names no function`, { node: node.name, op: node.op, field: 'f' });
  return { name: func.name, attrs: func.attr };
}

export interface Expanded {
  readonly nodes: Node[];
  /** What the function returns, as tensors of the caller, with their `DataType` numbers. */
  readonly results: readonly { tensor: string; type: number }[];
}

export class CallBody {
  private readonly call: Call;
  private readonly names = new Map<string, string>();
  private readonly bodies = new Map<string, Node>();
  /** Argument -> number of its first tensor among the call's inputs. */
  private readonly args = new Map<string, number>();
  private readonly inputs: readonly string[];
  /** Control inputs of nodes that have no inputs of their own. */
  private readonly guards: readonly string[];

  /** `reserve` gives a free name of the caller's graph. */
  constructor(call: Call, reserve: (wanted: string) => string) {
    this.call = call;
    this.inputs = dataInputs(call.node);
    const controls = call.node.input.filter(isControl);
    const sources = call.guard ? this.inputs.map((input) => `^${input.replace(/:\d+$/, '')}`) : [];
    this.guards = [...new Set([...controls, ...sources])];
    this.placeArgs();
    for (const node of call.fn.node_def) {
      if (this.names.has(node.name) || this.args.has(node.name)) throw this.broken(`two nodes are named ${node.name}`);
      this.names.set(node.name, reserve(`${call.node.name}/${node.name}`));
      this.bodies.set(node.name, { ...node, attr: substituted(node.attr, call.attrs) });
    }
  }

  expand(): Expanded {
    const nodes = this.call.fn.node_def.map(({ name }) => this.moved(this.bodies.get(name) as Node));
    const results = (this.call.fn.signature?.output_arg ?? []).flatMap((arg) => {
      const ref = this.call.fn.ret.get(arg.name);
      if (ref === undefined) throw this.broken(`it does not say what ${arg.name} is`);
      const types = typesOfArgs(argsOfFunction([arg]), this.call.attrs);
      return types.map((type, i) => ({ type, tensor: this.tensor(ref, i) }));
    });
    return { nodes, results };
  }

  private placeArgs(): void {
    let at = 0;
    for (const arg of this.call.fn.signature?.input_arg ?? []) {
      this.args.set(arg.name, at);
      at += typesOfArgs(argsOfFunction([arg]), this.call.attrs).length;
    }
    if (at !== this.inputs.length) throw this.broken(`it takes ${at} tensors and is given ${this.inputs.length}`);
  }

  private moved(node: Node): Node {
    const input = node.input.map((ref) => this.input(ref));
    return { ...node, name: this.names.get(node.name) as string, input: input.length === 0 ? this.guards : input };
  }

  private input(ref: string): string {
    if (!isControl(ref)) return this.tensor(ref, 0);
    const name = this.names.get(ref.slice(1));
    if (name === undefined) throw this.broken(`control input ${ref} does not exist`);
    return `^${name}`;
  }

  /** The tensor `next` places after the one that `ref` names. */
  private tensor(ref: string, next: number): string {
    const [name = '', output = '', index = '0'] = ref.split(':');
    const first = this.args.get(name);
    if (first !== undefined) return this.argument(ref, first + Number(output || '0') + next);
    const node = this.bodies.get(name);
    const offset = node === undefined ? undefined : outputOffset(node, output, this.call.functions);
    if (offset === undefined || !/^\d{1,9}$/.test(index)) throw this.broken(`tensor ${ref} does not exist`);
    const at = offset + Number(index) + next;
    const moved = this.names.get(name) as string;
    return at === 0 ? moved : `${moved}:${at}`;
  }

  private argument(ref: string, at: number): string {
    const input = this.inputs[at];
    if (input === undefined) throw this.broken(`tensor ${ref} does not exist`);
    return input;
  }

  private broken(reason: string): FloeError {
    const { node, name } = this.call;
    return invalid(`function ${name}, called by node ${node.name}, is malformed: ${reason}`, {
      node: node.name,
      op: node.op,
      reason,
    });
  }
}

/** Attributes of a body may stand for attributes of the call. */
function substituted(attrs: Attributes, values: Attributes): Attributes {
  if (values.size === 0) return attrs;
  return new Map([...attrs].map(([key, value]) => [key, substitutedValue(value, values)]));
}

function substitutedValue(value: AttrValue, values: Attributes): AttrValue {
  if (value.placeholder !== undefined) return values.get(value.placeholder) ?? value;
  if (value.func !== undefined) return { ...value, func: substitutedFunc(value.func, values) };
  if (value.list === undefined || value.list.func.length === 0) return value;
  return { ...value, list: { ...value.list, func: value.list.func.map((func) => substitutedFunc(func, values)) } };
}

function substitutedFunc(func: NameAttrList, values: Attributes): NameAttrList {
  return {
    ...func,
    attr: new Map(
      [...func.attr].map(([key, value]) => [
        key,
        value.placeholder === undefined ? value : (values.get(value.placeholder) ?? value),
      ]),
    ),
  };
}
