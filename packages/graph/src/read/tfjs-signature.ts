/**
 * The signature of a TensorFlow.js model: what `model.json` says, completed from the graph, since dtypes, shapes, the inputs or the
 * whole of it may be absent. Then TensorFlow.js feeds the placeholders and fetches the nodes whose outputs nothing uses
 * (`OperationMapper.transformGraph` in `tfjs-converter`), and so does Floe.
 */
import { shapeFromProto } from '../constants.ts';
import { type DType, dtypeFromTf } from '../dtype.ts';
import { corrupt, FloeError } from '../errors.ts';
import { endpoint, type Graph, type Node, tensorName } from '../graph.ts';
import { outputCount, outputDType } from '../inline/op-types.ts';
import { ancestors, usersOf } from '../inline/walk.ts';
import { SignatureDef, type TensorInfo } from '../proto/tensorflow.ts';
import type { Signature } from '../source.ts';
import type { TensorSpec } from '../tensor.ts';
import { messageFromJson } from './json-format.ts';

const METHOD = 'tensorflow/serving/predict';
const PLACEHOLDER = /^Placeholder(V2|WithDefault)?$/;
const NO_ANSWER = /^(NoOp|Const|Placeholder.*)$/;

type Json = Readonly<Record<string, unknown>>;

/**
 * `json` is the `signature` of `model.json`, if any. Throws DATA_LOSS where it is malformed or names nodes that do not exist, and
 * UNIMPLEMENTED where the outputs need a table that the model's initializer makes.
 */
export function tfjsSignature(graph: Graph, json: Json | undefined, file: string): Signature {
  const def = messageFromJson(SignatureDef, json ?? {}, file, 'signature');
  const outputs =
    def.outputs.size > 0
      ? specs(graph, def.outputs, file)
      : named(ends(graph).map((node) => spec(graph, node.name, undefined, file)));
  const needed = ancestors(
    graph,
    Object.values(outputs).map(({ name }) => endpoint(name).node),
  );
  const resources = resourceInputs(json);
  refuseTables(graph, def.inputs, resources, needed, file);
  const given = new Map([...def.inputs].filter(([key]) => !resources.has(key)));
  const found = graph.nodes.filter((node) => needed.has(node.name) && PLACEHOLDER.test(node.op));
  const inputs =
    given.size > 0 ? specs(graph, given, file) : named(found.map((node) => spec(graph, node.name, undefined, file)));
  return { inputs, outputs, methodName: def.method_name || METHOD };
}

/** Nodes that give something which no other node takes. */
function ends(graph: Graph): readonly Node[] {
  const users = usersOf(graph);
  return graph.nodes.filter(
    (node) => !users.has(node.name) && !NO_ANSWER.test(node.op) && (outputCount(node) ?? 1) > 0,
  );
}

/** Keys of inputs that are no tensors: `resourceId` ties each to an output of the initializer. */
function resourceInputs(json: Json | undefined): ReadonlySet<string> {
  const inputs = Object.entries((json?.['inputs'] ?? {}) as Json);
  return new Set(inputs.filter(([, info]) => (info as Json | null)?.['resourceId'] != null).map(([key]) => key));
}

function refuseTables(
  graph: Graph,
  inputs: ReadonlyMap<string, TensorInfo>,
  resources: ReadonlySet<string>,
  needed: ReadonlySet<string>,
  file: string,
): void {
  const tables = [...resources].map((key) => endpoint(inputs.get(key)?.name || key).node).filter((n) => needed.has(n));
  if (tables.length === 0) return;
  throw new FloeError(
    'UNIMPLEMENTED',
    `${file}: the outputs need tables that the model's initializer makes (${tables.join(', ')}), which cannot be frozen`,
    tables.map((node) => ({ file, node, op: graph.byName.get(node)?.op ?? '' })),
  );
}

function specs(graph: Graph, infos: ReadonlyMap<string, TensorInfo>, file: string): Record<string, TensorSpec> {
  const out = Object.create(null) as Record<string, TensorSpec>;
  for (const key of [...infos.keys()].sort()) {
    const info = infos.get(key) as TensorInfo;
    out[key] = spec(graph, info.name || key, info, file);
  }
  return out;
}

/** By the names of their nodes. */
function named(list: readonly TensorSpec[]): Record<string, TensorSpec> {
  const out = Object.create(null) as Record<string, TensorSpec>;
  for (const one of list) out[endpoint(one.name).node] = one;
  return out;
}

/** What the graph says of a tensor's dtype goes before what the signature says, and the other way round for its shape. */
function spec(graph: Graph, tensor: string, info: TensorInfo | undefined, file: string): TensorSpec {
  const name = tensorName(tensor);
  const { node: wanted, index } = endpoint(name);
  const node = graph.byName.get(wanted);
  if (node === undefined) {
    throw corrupt(`${file}: the signature names ${tensor}, which the graph does not have`, { file, tensor });
  }
  const dtype = graphDType(node, index) ?? dtypeFromTf(info?.dtype ?? 0);
  if (dtype === undefined) throw corrupt(`${file}: the dtype of ${tensor} is unknown`, { file, tensor, op: node.op });
  const own = PLACEHOLDER.test(node.op) ? node.attr.get('shape')?.shape : undefined;
  return { name, dtype, shape: shapeFromProto(info?.tensor_shape ?? own) };
}

/** Of ops that only TensorFlow.js has, the attribute T is the dtype. */
function graphDType(node: Node, index: number): DType | undefined {
  return outputDType(node, index) ?? dtypeFromTf(node.attr.get('T')?.type ?? 0);
}
