/**
 * Loops over time that are a recurrent layer, as ONNX's LSTM, GRU or RNN: ten times as fast in ONNX Runtime 1.30 (17 steps of an LSTM of
 * 24: 0.25 against 0.02 ms).
 *
 * That engine's kernels must not be given empty tensors (they abort the process, or leave states as they find them), take a NaN for a
 * number, and know one size of batch only. Whatever of this is not proven is asked when the graph runs, and the loop stays for where
 * it does not hold.
 */
import {
  bodyOf,
  graphsIn,
  type OnnxAttr,
  type OnnxGraph,
  type OnnxNode,
  type Value,
  withOutputs,
} from '../../onnx-graph.ts';
import { int64 } from '../constant.ts';
import { Makers } from './makers.ts';
import { type Conditions, conditionsOf, emitConditions } from './recurrent/conditions.ts';
import { Emitter } from './recurrent/emitter.ts';
import { type Layer, layerOf } from './recurrent/layer.ts';
import { type CellWeights, weightsOf } from './recurrent/weights.ts';

/** What ONNX takes where nothing is said. */
const ACTIVATIONS = { LSTM: 'Sigmoid,Tanh,Tanh', GRU: 'Sigmoid,Tanh', RNN: 'Tanh' } as const;

export function raiseRecurrent(graph: OnnxGraph): void {
  // All graphs that there are before: a loop that was raised is still there, in a branch.
  for (const each of [...graphsIn(graph)]) raiseIn(each);
}

function raiseIn(graph: OnnxGraph): void {
  const makers = new Makers(graph);
  graph.nodes = graph.nodes.flatMap((node) => (node.op === 'Loop' ? raised(makers, node) : [node]));
}

function raised(makers: Makers, loop: OnnxNode): readonly OnnxNode[] {
  const layer = layerOf(makers, loop);
  const conditions = layer && conditionsOf(makers, layer);
  const weights = layer && weightsOf(layer.cell, layer.row);
  if (layer === undefined || conditions === undefined || weights === undefined) return [loop];
  if (layer.cell.activations.join() !== ACTIVATIONS[layer.cell.op]) return [loop];
  return new Writer(makers.graph, loop, layer, weights).write(conditions);
}

class Writer {
  private readonly graph: OnnxGraph;
  private readonly loop: OnnxNode;
  private readonly layer: Layer;
  private readonly weights: CellWeights;

  constructor(graph: OnnxGraph, loop: OnnxNode, layer: Layer, weights: CellWeights) {
    this.graph = graph;
    this.loop = loop;
    this.layer = layer;
    this.weights = weights;
  }

  write(conditions: Conditions): readonly OnnxNode[] {
    const { graph, loop } = this;
    const guards = new Emitter(graph, loop.name);
    const condition = emitConditions(guards, this.layer, conditions);
    const inside = new Emitter(graph, loop.name);
    const values = this.emitLayer(inside, conditions);
    const bodies = { then_branch: this.branch(inside.nodes, values), else_branch: this.loopBranch() };
    const choice = { op: 'If', name: loop.name, inputs: [condition], outputs: loop.outputs, attrs: {}, bodies };
    return [...guards.nodes.map((node) => ({ ...node, guard: true })), { ...choice, interchangeable: true }];
  }

  private branch(nodes: OnnxNode[], values: readonly Value[]): OnnxGraph {
    const types = this.loop.outputs.map((output) => this.typeOf(output));
    return withOutputs({ ...bodyOf(this.graph, []), nodes }, values, types);
  }

  private loopBranch(): OnnxGraph {
    const names = new Emitter(this.graph, this.loop.name);
    const outputs = this.loop.outputs.map((output) => names.value('Loop', this.typeOf(output)));
    return this.branch([{ ...this.loop, outputs }], outputs);
  }

  private typeOf(value: Value) {
    return this.graph.types.get(value) ?? { dtype: 'float32' as const, shape: null };
  }

  /** What stands for each output of the loop. */
  private emitLayer(emitter: Emitter, conditions: Conditions): readonly Value[] {
    const { results } = this.layer;
    const [all = '', ...last] = this.emitCell(emitter, conditions);
    const axis = (at: number): Value => emitter.constant('axis', int64(at));
    return results.map((result, i) => {
      const type = this.typeOf(this.loop.outputs[i] ?? '');
      // Dimension 1 of all steps, and 0 of a state, is the direction, of which there is one.
      if (result === 'each') return emitter.emit('Squeeze', [all, axis(1)], type);
      const state = last[result.last] ?? '';
      return result.listed ? emitter.emit('Identity', [state], type) : emitter.emit('Squeeze', [state, axis(0)], type);
    });
  }

  private emitCell(emitter: Emitter, { states: unproven, given }: Conditions): readonly Value[] {
    const { cell, rows, initial } = this.layer;
    const { hidden, input, recurrent, bias } = this.weights;
    const state = { dtype: 'float32', shape: [1, -1, hidden] } as const;
    const fromZero = unproven.length === 0 && given.length === 0;
    const begin = (value: Value): Value =>
      emitter.emit('Unsqueeze', [value, emitter.constant('axis', int64(0))], state);
    const constants = [emitter.constant('W', input), emitter.constant('R', recurrent), emitter.constant('B', bias)];
    const inputs = [rows, ...constants, '', ...(fromZero ? [] : initial.map(begin))];
    const outputs = [
      emitter.value('all', { dtype: 'float32', shape: [-1, 1, -1, hidden] }),
      ...cell.states.map(() => emitter.value('last', state)),
    ];
    const attrs: Record<string, OnnxAttr> = { hidden_size: hidden };
    if (cell.op === 'GRU') attrs['linear_before_reset'] = cell.resetsAfter === true ? 1 : 0;
    emitter.nodes.push({ op: cell.op, name: this.loop.name, inputs, outputs, attrs });
    return outputs;
  }
}
