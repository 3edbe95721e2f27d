/** Adds nodes and constants to a list that a pass puts into a graph, each under a name that is free. */
import {
  addConstant,
  freshName,
  type OnnxGraph,
  type OnnxNode,
  type Value,
  type ValueType,
} from '../../../onnx-graph.ts';
import type { Tensor } from '../../../tensor.ts';

export class Emitter {
  readonly nodes: OnnxNode[] = [];
  private readonly graph: OnnxGraph;
  private readonly name: string;

  /** `name`: of the node that the new ones take the place of. */
  constructor(graph: OnnxGraph, name: string) {
    this.graph = graph;
    this.name = name;
  }

  /** Adds a node of one output. */
  emit(op: string, inputs: readonly Value[], type: ValueType, attrs: OnnxNode['attrs'] = {}): Value {
    const output = this.value(op, type);
    this.nodes.push({ op, name: this.name, inputs: [...inputs], outputs: [output], attrs });
    return output;
  }

  value(label: string, type: ValueType): Value {
    const value = freshName(this.graph, `${this.name}/${label}`);
    this.graph.types.set(value, type);
    return value;
  }

  constant(label: string, tensor: Tensor): Value {
    return addConstant(this.graph, `${this.name}/${label}`, tensor);
  }
}
