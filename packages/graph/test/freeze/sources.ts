/** Sources in memory: a graph with the values of its variables. */
import type { DType } from '../../src/dtype.ts';
import { attrOf, graphOf, type Node } from '../../src/graph.ts';
import type { FunctionDef } from '../../src/proto/tensorflow.ts';
import { NO_VARIABLES } from '../../src/read/tensor-bundle.ts';
import type { Source, VariableStore } from '../../src/source.ts';
import type { Tensor } from '../../src/tensor.ts';
import { node } from '../support/nodes.ts';

export function sourceOf(
  nodes: readonly Node[],
  variables: Readonly<Record<string, Tensor>> = {},
  functions: readonly FunctionDef[] = [],
): Source {
  const store: VariableStore = {
    ...NO_VARIABLES,
    keys: Object.keys(variables),
    has: (key) => key in variables,
    read: ({ key }) => Promise.resolve(variables[key] as Tensor),
  };
  return {
    graph: graphOf(nodes, new Map(functions.map((fn) => [fn.signature?.name ?? '', fn]))),
    signatures: {},
    variableKeys: new Map(store.keys.map((key) => [key, { key }])),
    variables: store,
    assets: [],
    readAssets: () => Promise.resolve(new Map()),
    checkpoint: {
      format: 'meta-graph',
      globalStep: 3,
      producers: { tensorflow: '1.15', graphProducer: 1, graphMinConsumer: 0 },
      tags: [],
      digests: {},
    },
  };
}

/** A function of float32 tensors; `ret` says what each result is. */
export function fnDef(
  name: string,
  args: Readonly<Record<string, number>>,
  body: readonly Node[],
  ret: Readonly<Record<string, string>>,
): FunctionDef {
  const arg = (argName: string, type: number) => ({
    name: argName,
    type,
    type_attr: '',
    number_attr: '',
    type_list_attr: '',
  });
  return {
    signature: {
      name,
      input_arg: Object.entries(args).map(([key, type]) => arg(key, type)),
      output_arg: Object.keys(ret).map((key) => arg(key, 1)),
      control_output: [],
      attr: [],
      is_stateful: false,
    },
    attr: new Map(),
    node_def: body,
    ret: new Map(Object.entries(ret)),
    control_ret: new Map(),
  };
}

/** A call that gives `results` float32 tensors. */
export function call(name: string, fn: string, input: readonly string[], results = 1): Node {
  const made = node('PartitionedCall', name, input, { Tout: { dtypes: new Array<DType>(results).fill('float32') } });
  return { ...made, attr: new Map([...made.attr, ['f', attrOf({ func: { name: fn, attr: new Map() } })]]) };
}
