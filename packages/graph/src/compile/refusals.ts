/** Collects every node that cannot be compiled, so that the user hears of all of them at once. */
import { type ErrorDetail, FloeError } from '../errors.ts';
import { endpoint, type Node } from '../graph.ts';
import { isTensorFlowOp } from '../inline/op-types.ts';

/** Reasons for ops that have no lowering. */
export const UNSUPPORTED = 'this op is not supported';
export const CUSTOM = 'this is a custom op: TensorFlow itself does not have it';
/** Ops that read files and texts at the entrance of a model. */
const DECODING = /^(Decode\w+|Parse\w*Example\w*|ReadFile|UnicodeDecode\w*)$/;

/** Why an op that no lowering knows is refused, and what can be done. */
export function unsupported(op: string): string {
  if (!isTensorFlowOp(op)) return CUSTOM;
  return DECODING.test(op) ? `${UNSUPPORTED}: feed what it gives instead (--inputs)` : UNSUPPORTED;
}

/** Nodes of one op that the message names; the details have all. */
const NAMED = 3;

export class Refusals {
  private readonly details: (ErrorDetail & { readonly op: string; readonly node: string; readonly reason: string })[] =
    [];

  /** Refused nodes, and those of which nothing is known because they are behind one. */
  private readonly lost = new Set<string>();

  add(node: Node, reason: string): void {
    this.lost.add(node.name);
    this.details.push({ node: node.name, op: node.op, reason });
  }

  /** For a reason that may lie in what is not known of the node's inputs. */
  addUnlessBehind(node: Node, reason: string): void {
    if (node.input.some((input) => this.lost.has(endpoint(input).node))) this.lost.add(node.name);
    else this.add(node, reason);
  }

  /** Throws UNIMPLEMENTED if anything was refused. */
  report(): void {
    if (this.details.length === 0) return;
    const byOp = new Map<string, string[]>();
    for (const { op, node, reason } of this.details) {
      const key = reason === UNSUPPORTED ? op : `${op} (${reason})`;
      const nodes = byOp.get(key);
      if (nodes === undefined) byOp.set(key, [node]);
      else nodes.push(node);
    }
    const lines = [...byOp].map(
      ([op, nodes]) => `${op}: ${nodes.length} ${nodes.length === 1 ? 'node' : 'nodes'} (${list(nodes)})`,
    );
    throw new FloeError(
      'UNIMPLEMENTED',
      `${this.details.length} ${this.details.length === 1 ? 'node' : 'nodes'} cannot be compiled; ${lines.join('; ')}`,
      this.details,
    );
  }
}

function list(nodes: readonly string[]): string {
  return nodes.length > NAMED ? `${nodes.slice(0, NAMED).join(', ')}, ...` : nodes.join(', ');
}
