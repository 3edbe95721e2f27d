/** What the outputs of a node are, from the table of op outputs: names of output arguments, their lengths and dtypes. */
import { type DType, dtypeFromTf } from '../dtype.ts';
import type { Node } from '../graph.ts';
import { OP_OUTPUTS } from '../proto/op-outputs.ts';
import type { ArgDef, AttrValue, FunctionDef } from '../proto/tensorflow.ts';

/** One argument of an op, which may stand for several tensors. */
export interface Arg {
  readonly name: string;
  /** Attribute with the length of the list; empty for one tensor. */
  readonly count: string;
  /** Attribute with a list of dtypes; empty where there is one dtype. */
  readonly list: string;
  /** Attribute with the dtype; empty where it is always `fixed`. */
  readonly attr: string;
  readonly fixed: number;
}

let table: ReadonlyMap<string, readonly Arg[]> | undefined;

/** True for ops of TensorFlow's own registry that have outputs. */
export function isTensorFlowOp(op: string): boolean {
  return outputArgs(op) !== undefined;
}

function outputArgs(op: string): readonly Arg[] | undefined {
  table ??= parseTable();
  return table.get(op);
}

function parseTable(): ReadonlyMap<string, readonly Arg[]> {
  return new Map(rowsOf(OP_OUTPUTS).map(([outputs, op]) => [op, outputs.split(' ').map(parseArg)]));
}

/** A table of lines `key | op op op` as pairs of key and op. */
export function rowsOf(table: string): readonly (readonly [key: string, op: string])[] {
  return table
    .trim()
    .split('\n')
    .flatMap((line) => {
      const [key = '', ops = ''] = line.split(' | ');
      return ops.split(' ').map((op) => [key, op] as const);
    });
}

/** `name:N*T=1`, of which name, `N*` and `=1` may be missing; `[T]` for a list of dtypes. */
export function parseArg(text: string): Arg {
  const {
    name = '',
    count = '',
    type = '',
  } = /^(?:(?<name>\w+):)?(?:(?<count>\w+)\*)?(?<type>.+)$/.exec(text)?.groups ?? {};
  if (type.startsWith('[')) return { name, count, list: type.slice(1, -1), attr: '', fixed: 0 };
  const [first = '', fallback = '0'] = type.split('=');
  return /^\d/.test(first)
    ? { name, count, list: '', attr: '', fixed: Number(first) }
    : { name, count, list: '', attr: first, fixed: Number(fallback) };
}

type Attributes = ReadonlyMap<string, AttrValue>;

/** Type numbers of what an argument stands for; 0 where its attribute is missing. */
export function typesOfArg(arg: Arg, attrs: Attributes): readonly number[] {
  if (arg.list !== '') return attrs.get(arg.list)?.list?.type ?? [];
  const type = arg.attr === '' ? arg.fixed : (attrs.get(arg.attr)?.type ?? arg.fixed);
  if (arg.count === '') return [type];
  const count = Number(attrs.get(arg.count)?.i ?? 0n);
  return count >= 0 && count <= MAX_OUTPUTS ? new Array<number>(count).fill(type) : [];
}

/** More outputs of one node than any model has. */
const MAX_OUTPUTS = 1 << 16;

/** Arguments of a function as the table has them. */
export function argsOfFunction(args: readonly ArgDef[]): readonly Arg[] {
  return args.map((arg) => ({
    name: arg.name,
    count: arg.number_attr,
    list: arg.type_list_attr,
    attr: arg.type_attr,
    fixed: arg.type,
  }));
}

/** Type numbers of all arguments, one after the other. */
export function typesOfArgs(args: readonly Arg[], attrs: Attributes): readonly number[] {
  return args.flatMap((arg) => typesOfArg(arg, attrs));
}

/** Number of the first tensor of the output argument `name`; undefined for an unknown one. */
export function outputOffset(
  node: Node,
  name: string,
  functions: ReadonlyMap<string, FunctionDef>,
): number | undefined {
  const fn = functions.get(node.op)?.signature;
  const args = fn === undefined ? outputArgs(node.op) : argsOfFunction(fn.output_arg);
  // An op that the table does not know, or with one output argument: whatever the name is, it is the first.
  if (args === undefined || args.length === 1) return 0;
  let offset = 0;
  for (const arg of args) {
    if (arg.name === name) return offset;
    offset += typesOfArg(arg, node.attr).length;
  }
  return undefined;
}

/** How many outputs a node has; undefined for an op that the table does not know. */
export function outputCount(node: Node): number | undefined {
  const args = outputArgs(node.op);
  return args === undefined ? undefined : typesOfArgs(args, node.attr).length;
}

/** `DataType` number of an output; undefined where the op or the attribute is unknown. */
export function outputType(node: Node, index: number): number | undefined {
  const args = outputArgs(node.op);
  const type = args === undefined ? undefined : typesOfArgs(args, node.attr)[index];
  return type === 0 ? undefined : type;
}

export function outputDType(node: Node, index: number): DType | undefined {
  const type = outputType(node, index);
  return type === undefined ? undefined : dtypeFromTf(type);
}

/** How output `index` of a node is named inside a function: `node:output_arg:number`. */
export function outputRef(
  { name, op, attr }: Node,
  index: number,
  functions: ReadonlyMap<string, FunctionDef>,
): string {
  const fn = functions.get(op)?.signature;
  const args = fn === undefined ? outputArgs(op) : argsOfFunction(fn.output_arg);
  let offset = 0;
  for (const arg of args ?? []) {
    const { length } = typesOfArg(arg, attr);
    if (index < offset + length) return `${name}:${arg.name || 'output'}:${index - offset}`;
    offset += length;
  }
  return `${name}:output:${index}`;
}
