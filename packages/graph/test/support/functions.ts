/** Functions for While, If and Case in tests: arguments by name and dtype, nodes as in a FunctionDef, what is returned. */
import { DTYPES, type DType } from '../../src/dtype.ts';
import { attrOf, type Graph, graphOf, type Node } from '../../src/graph.ts';
import type { ArgDef, FunctionDef } from '../../src/proto/tensorflow.ts';
import { type AttrInit, node } from './nodes.ts';

const argument = (name: string, dtype: DType): ArgDef => ({
  name,
  type: DTYPES[dtype].tf,
  type_attr: '',
  number_attr: '',
  type_list_attr: '',
});

/** `returns` are references of a function's body: `x` for an argument, `node:output:0` for the output of a node. */
export function fn(
  name: string,
  args: Readonly<Record<string, DType>>,
  nodes: readonly Node[],
  returns: readonly (readonly [ref: string, dtype: DType])[],
): FunctionDef {
  const signature = {
    name,
    input_arg: Object.entries(args).map(([arg, dtype]) => argument(arg, dtype)),
    output_arg: returns.map(([, dtype], i) => argument(`out_${i}`, dtype)),
    control_output: [],
    attr: [],
    is_stateful: false,
  };
  const ret = new Map(returns.map(([ref], i) => [`out_${i}`, ref]));
  return { signature, attr: new Map(), node_def: nodes, ret, control_ret: new Map() };
}

/** A node with functions in attributes; several names in one make a list. */
export function caller(
  op: string,
  name: string,
  input: readonly string[],
  functions: Readonly<Record<string, string | readonly string[]>>,
  attrs: Readonly<Record<string, AttrInit>> = {},
): Node {
  const plain = node(op, name, input, attrs);
  const attr = new Map(plain.attr);
  const named = (each: string) => ({ name: each, attr: new Map() });
  const none = { s: [], i: [], f: [], b: [], type: [], shape: [], tensor: [] };
  for (const [key, value] of Object.entries(functions)) {
    const init = typeof value === 'string' ? { func: named(value) } : { list: { ...none, func: value.map(named) } };
    attr.set(key, attrOf(init));
  }
  return { ...plain, attr };
}

export function withFunctions(nodes: readonly Node[], functions: readonly FunctionDef[]): Graph {
  return graphOf(nodes, new Map(functions.map((each) => [each.signature?.name ?? '', each])));
}
