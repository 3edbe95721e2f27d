/**
 * Loops that are counted: the condition says no more than that counters are below limits which no turn changes. How many turns there
 * are is then known before the first, and neither condition nor counters have to be computed in each.
 */
import { type AnalysedRegion, type LoopFlow, sourceOf } from '../analysis/index.ts';
import { endpoint, tensorName } from '../graph.ts';
import { toNumbers } from './constant.ts';

export interface Limit {
  readonly counter: number;
  /** A number, or the variable that holds it. */
  readonly limit: number | { readonly variable: number };
}

/** The limits that all have to hold for the loop to go on; undefined where the condition says anything else. */
export function loopLimits(flow: LoopFlow): readonly Limit[] | undefined {
  const { condition } = flow;
  const limits: Limit[] = [];
  const pending = [condition.results[0] ?? ''];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { op, left, right } = comparison(condition, next);
    if (op === 'LogicalAnd') pending.push(left, right);
    else {
      const limit =
        op === 'Less' ? limitOf(flow, left, right) : op === 'Greater' ? limitOf(flow, right, left) : undefined;
      if (limit === undefined) return undefined;
      limits.push(limit);
    }
  }
  return limits;
}

function comparison({ graph }: AnalysedRegion, tensor: string): { op: string; left: string; right: string } {
  const node = graph.byName.get(endpoint(sourceOf(graph, tensor)).node);
  const [left = '', right = ''] = (node?.input ?? []).map((name) => sourceOf(graph, tensorName(name)));
  return { op: node?.op ?? '', left, right };
}

function limitOf({ condition, body, invariant }: LoopFlow, left: string, right: string): Limit | undefined {
  const counter = condition.args.indexOf(left);
  if (counter < 0 || !countsByOne(body, counter)) return undefined;
  const constant = right === '' ? undefined : condition.analysis.constant(right);
  if (constant !== undefined)
    return constant.data.length === 1 ? { counter, limit: toNumbers(constant)[0] ?? 0 } : undefined;
  const variable = condition.args.indexOf(right);
  return invariant[variable] === true ? { counter, limit: { variable } } : undefined;
}

/** True for a variable to which each turn adds one. */
export function countsByOne({ graph, args, results, analysis }: AnalysedRegion, i: number): boolean {
  const { dtype, shape } = analysis.type(args[i] ?? '');
  const node = graph.byName.get(endpoint(sourceOf(graph, results[i] ?? '')).node);
  if ((dtype !== 'int32' && dtype !== 'int64') || shape?.length !== 0) return false;
  if (node === undefined || (node.op !== 'AddV2' && node.op !== 'Add')) return false;
  const [left = '', right = ''] = node.input.map((name) => sourceOf(graph, tensorName(name)));
  const step = left === args[i] ? right : right === args[i] ? left : undefined;
  const value = step === undefined ? undefined : analysis.constant(step);
  return value !== undefined && value.data.length === 1 && toNumbers(value)[0] === 1;
}
