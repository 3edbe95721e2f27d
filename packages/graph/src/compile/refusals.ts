/** Collects every node that cannot be compiled, so that the user hears of all of them at once. */
import { type ErrorDetail, FloeError } from '../errors.ts';
import type { Node } from '../graph.ts';

const UNSUPPORTED = 'this op is not supported';
/** Ops that read files and texts at the entrance of a model. */
const DECODING = /^(Decode\w+|Parse\w*Example\w*|ReadFile|StringSplit(V2)?|StringToNumber)$/;

/** Why an op that no lowering knows is refused, and what can be done. */
export function unsupported(op: string): string {
  return DECODING.test(op) ? `${UNSUPPORTED}: feed what it gives instead (--inputs)` : UNSUPPORTED;
}

/** Nodes of one op that the message names; the details have all. */
const NAMED = 3;

export class Refusals {
  private readonly details: (ErrorDetail & { readonly op: string; readonly node: string; readonly reason: string })[] =
    [];

  add(node: Node, reason: string): void {
    this.details.push({ node: node.name, op: node.op, reason });
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
      `${this.details.length} nodes cannot be compiled; ${lines.join('; ')}`,
      this.details,
    );
  }
}

function list(nodes: readonly string[]): string {
  return nodes.length > NAMED ? `${nodes.slice(0, NAMED).join(', ')}, ...` : nodes.join(', ');
}
