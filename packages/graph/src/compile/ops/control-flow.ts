/** If and Case of TensorFlow 2 as ONNX's If. Functions become subgraphs that use outer values as they are. */
import type { AnalysedRegion, BranchFlow } from '../../analysis/index.ts';
import { bodyOf, type OnnxGraph, type Value, type ValueType, withOutputs } from '../../onnx-graph.ts';
import { scalarOf } from '../constant.ts';
import { each, type Lowering } from '../lowering.ts';
import { asCondition, whileLoop } from './loop.ts';

const BOOL: ValueType = { dtype: 'bool', shape: [] };

function conditional(l: Lowering): readonly Value[] {
  const flow = branchesOf(l);
  const args = l.inputs(1);
  if (flow.taken !== undefined) return l.region(flow.branches[0] as AnalysedRegion, args);
  if ((l.shape(0)?.length ?? 0) > 0) throw l.refuse('its condition is no scalar');
  const [yes, no] = flow.branches as [AnalysedRegion, AnalysedRegion];
  const condition = asCondition(l, l.input(0), l.dtype(0));
  return either(
    l,
    condition,
    (into) => into.region(yes, args),
    (into) => into.region(no, args),
  );
}

/** Halves the branches until one is left: nested as deep as the logarithm of their number. */
function selection(l: Lowering): readonly Value[] {
  const flow = branchesOf(l);
  const args = l.inputs(1);
  if (flow.taken !== undefined) return l.region(flow.branches[0] as AnalysedRegion, args);
  const last = l.fresh('last', scalarOf('int32', flow.branches.length - 1));
  const outside = l.emit(
    'Or',
    [compared(l, 'Less', l.input(0), 0), l.emit('Greater', [l.input(0), last], {}, BOOL)],
    {},
    BOOL,
  );
  const index = l.emit('Where', [outside, last, l.input(0)], {}, { dtype: 'int32', shape: [] });
  const choose = (into: Lowering, from: number, to: number): readonly Value[] => {
    if (to - from === 1) return into.region(flow.branches[from] as AnalysedRegion, args);
    const middle = Math.floor((from + to) / 2);
    const condition = compared(into, 'Less', index, middle);
    return either(
      into,
      condition,
      (low) => choose(low, from, middle),
      (high) => choose(high, middle, to),
    );
  };
  return choose(l, 0, flow.branches.length);
}

function compared(l: Lowering, op: string, value: Value, with_: number): Value {
  return l.emit(op, [value, l.fresh('number', scalarOf('int32', with_))], {}, BOOL);
}

type Filled = (into: Lowering) => readonly Value[];

/** An If with what the two callbacks put into its branches. */
function either(l: Lowering, condition: Value, yes: Filled, no: Filled): readonly Value[] {
  const types = outTypes(l);
  const branch = (fill: Filled): OnnxGraph => {
    const body = bodyOf(l.graph, []);
    return withOutputs(body, fill(l.inside(body)), types);
  };
  const bodies = { then_branch: branch(yes), else_branch: branch(no) };
  return types.length === 0 ? [] : l.emitFlow('If', [condition], types, bodies);
}

function outTypes(l: Lowering): readonly ValueType[] {
  const [first] = branchesOf(l).branches;
  return (first?.results ?? []).map((_, i) => l.outType(i));
}

function branchesOf(l: Lowering): BranchFlow {
  const flow = l.flow();
  if (flow?.kind !== 'branches') throw l.refuse('its functions were not analysed');
  return flow;
}

export const CONTROL_FLOW = {
  ...each('While StatelessWhile', whileLoop),
  ...each('If StatelessIf', conditional),
  ...each('Case StatelessCase', selection),
};
