/**
 * A TensorFlow.js graph keeps its constants' values among the weights, under the constants' names; here they go back into the graph.
 * TensorFlow.js knows fewer dtypes than the graph says: an int64 of the graph is stored as int32, a double or a half as float32.
 */
import { constNode, shapeFromProto } from '../constants.ts';
import { type DType, dtypeFromTf } from '../dtype.ts';
import { corrupt, FloeError } from '../errors.ts';
import { type Graph, graphOf, type Node } from '../graph.ts';
import { numberToBfloat16, numberToFloat16 } from '../half.ts';
import type { FunctionDef, TensorProto } from '../proto/tensorflow.ts';
import { arrayFor, type NumericData, sizeOf, type Tensor } from '../tensor.ts';

/** Dtypes of the graph that a weight of each dtype can stand for, beside its own. */
const STORED_AS: Partial<Record<DType, readonly DType[]>> = {
  int32: ['int64', 'int16', 'int8', 'uint8', 'uint16', 'uint32', 'uint64'],
  float32: ['float64', 'float16', 'bfloat16'],
};

/** A number as the typed array of a dtype takes it. */
const PUT: Partial<Record<DType, (value: number) => number | bigint>> = {
  int64: BigInt,
  uint64: BigInt,
  float16: numberToFloat16,
  bfloat16: numberToBfloat16,
};

/** Names of all constants, also of those in functions. */
export function constantNames(graph: Graph): ReadonlySet<string> {
  const nodes = [...graph.functions.values()].flatMap(({ node_def: body }) => body);
  return new Set([...graph.nodes, ...nodes].filter(({ op }) => op === 'Const').map(({ name }) => name));
}

/** Throws DATA_LOSS for a constant without a weight or of another shape or dtype, UNIMPLEMENTED for dtypes that are not stored so. */
export function withWeights(graph: Graph, weights: ReadonlyMap<string, Tensor>, file: string): Graph {
  const filled = (node: Node): Node => (node.op === 'Const' ? constant(node, weights.get(node.name), file) : node);
  const functions = new Map<string, FunctionDef>();
  for (const [name, fn] of graph.functions) functions.set(name, { ...fn, node_def: fn.node_def.map(filled) });
  return graphOf(graph.nodes.map(filled), functions, graph.versions);
}

function constant(node: Node, weight: Tensor | undefined, file: string): Node {
  const proto = node.attr.get('value')?.tensor;
  if (weight === undefined) {
    if (proto !== undefined && hasValue(proto)) return node;
    throw corrupt(`${file}: constant ${node.name} has no weight`, { file, node: node.name, op: node.op });
  }
  const declared = shapeFromProto(proto?.tensor_shape);
  if (declared !== null && declared.join() !== weight.shape.join()) {
    const shapes = `[${declared.join(', ')}], its weight [${weight.shape.join(', ')}]`;
    throw corrupt(`${file}: constant ${node.name} has shape ${shapes}`, { file, node: node.name, tensor: node.name });
  }
  const made = constNode(node.name, asDeclared(weight, node, file));
  return { ...node, attr: new Map([...node.attr, ...made.attr]) };
}

/** Old converters left small values in the graph. */
function hasValue(proto: TensorProto): boolean {
  const { dtype, tensor_shape: shape, tensor_content: content, ...lists } = proto;
  if (content.byteLength > 0 || shape?.dim.some(({ size }) => size === 0) === true) return true;
  return dtype !== 0 && Object.values(lists).some(({ length }) => length > 0);
}

function asDeclared(weight: Tensor, node: Node, file: string): Tensor {
  const number = node.attr.get('dtype')?.type ?? node.attr.get('value')?.tensor?.dtype ?? 0;
  const dtype = number === 0 ? weight.dtype : dtypeFromTf(number);
  if (dtype === weight.dtype) return weight;
  if (dtype !== undefined && STORED_AS[weight.dtype]?.includes(dtype)) return converted(weight, dtype, node, file);
  const message = `${file}: constant ${node.name} of dtype ${dtype ?? number} is stored as ${weight.dtype}`;
  throw new FloeError('UNIMPLEMENTED', message, { file, node: node.name, op: node.op });
}

function converted(weight: Tensor, dtype: DType, node: Node, file: string): Tensor {
  const from = weight.data as Int32Array | Float32Array;
  const data: NumericData = new (arrayFor(dtype))(sizeOf(weight.shape));
  const to = data as { [index: number]: number | bigint };
  const isInteger = weight.dtype === 'int32';
  const put = PUT[dtype] ?? Number;
  for (let i = 0; i < from.length; i++) {
    const value = from[i] as number;
    to[i] = put(value);
    // Floats are rounded, whole numbers have to fit.
    if (isInteger && Number(to[i]) !== value) {
      const message = `${file}: constant ${node.name} of dtype ${dtype} holds ${value}`;
      throw corrupt(message, { file, node: node.name, tensor: node.name });
    }
  }
  return { dtype, shape: weight.shape, data };
}
