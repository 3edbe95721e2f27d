/** Frozen graphs of any size: small dense layers one behind the other, each added to what came before it. */
import {
  attrOf,
  constNode,
  frozenChunks,
  type Graph,
  graphOf,
  type Node,
  shapeToProto,
} from '../../packages/graph/dist/index.js';

const WIDTH = 4;
const FLOAT = attrOf({ type: 1 });
/** Nodes of a layer. */
const LAYER = 6;

/** The bytes of a GraphDef of about so many nodes, from `x` to `y`. */
export function syntheticGraph(count: number): Uint8Array {
  const nodes: Node[] = [
    node('Placeholder', 'x', [], { dtype: FLOAT, shape: attrOf({ shape: shapeToProto([-1, WIDTH]) }) }),
  ];
  let last = 'x';
  for (let i = 0; i < Math.floor((count - 2) / LAYER); i++) {
    nodes.push(...layer(i, last));
    last = `sum_${i}`;
  }
  nodes.push(node('Identity', 'y', [last], { T: FLOAT }));
  const graph: Graph = graphOf(nodes);
  return Buffer.concat(frozenChunks({ graph, signatures: {}, checkpoint: NONE, assets: [] }));
}

const NONE = {
  format: 'frozen-graph',
  globalStep: null,
  producers: { tensorflow: '', graphProducer: 0, graphMinConsumer: 0 },
  tags: [],
  digests: {},
} as const;

function layer(i: number, from: string): readonly Node[] {
  const numbers = (length: number): Float32Array => Float32Array.from({ length }, (_, at) => Math.sin(i + at));
  const constant = (name: string, shape: readonly number[]): Node =>
    constNode(`${name}_${i}`, { dtype: 'float32', shape, data: numbers(shape.reduce((a, b) => a * b, 1)) });
  const op = (name: string, kind: string, inputs: readonly string[]): Node =>
    node(kind, `${name}_${i}`, inputs, { T: FLOAT });
  return [
    constant('weights', [WIDTH, WIDTH]),
    constant('bias', [WIDTH]),
    op('product', 'MatMul', [from, `weights_${i}`]),
    op('biased', 'BiasAdd', [`product_${i}`, `bias_${i}`]),
    op('active', 'Tanh', [`biased_${i}`]),
    op('sum', 'AddV2', [from, `active_${i}`]),
  ];
}

function node(
  op: string,
  name: string,
  input: readonly string[],
  attrs: Readonly<Record<string, ReturnType<typeof attrOf>>>,
): Node {
  return { op, name, input, device: '', attr: new Map(Object.entries(attrs)) };
}
