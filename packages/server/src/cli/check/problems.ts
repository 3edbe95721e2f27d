/** What stops a signature from running, as one entry for each op and reason with all its nodes. */
import { CUSTOM, type ErrorCode, type FloeError, isTensorFlowOp, UNSUPPORTED } from '@floe/graph';

export interface Problem {
  readonly code: ErrorCode;
  /** Null where the problem is not that of nodes. */
  readonly op: string | null;
  readonly reason: string;
  readonly nodes: readonly string[];
}

export function problemsOf({ code, message, details }: FloeError): readonly Problem[] {
  const groups = new Map<string, { op: string; reason: string; nodes: string[] }>();
  for (const { op, node, reason } of details) {
    if (op === undefined || node === undefined) return [{ code, op: null, reason: message, nodes: [] }];
    const why = reasonFor(op, reason ?? message);
    const group = groups.get(`${op} ${why}`) ?? { op, reason: why, nodes: [] };
    group.nodes.push(node);
    groups.set(`${op} ${why}`, group);
  }
  if (groups.size === 0) return [{ code, op: null, reason: message, nodes: [] }];
  return [...groups.values()].map((group) => ({ code, ...group })).sort((a, b) => b.nodes.length - a.nodes.length);
}

function reasonFor(op: string, reason: string): string {
  if (isTensorFlowOp(op)) return reason;
  return reason === UNSUPPORTED || reason === CUSTOM ? CUSTOM : `${reason}; ${CUSTOM}`;
}
