/** What the host can compute: ops that no engine has, and those that may stand between them. */
import { evaluableOps } from '../../analysis/index.ts';
import type { HostTable } from '../host-op.ts';
import { images } from './image.ts';
import { joining, scattering } from './join.ts';
import { parsing } from './parse.ts';
import { comparing, plain } from './plain.ts';
import { regexes } from './regex.ts';
import { splitting } from './split.ts';
import { lookups, TABLES } from './table.ts';
import { texts } from './text.ts';

/** Ops that only the host has. */
const OWN: HostTable = { ...parsing, ...lookups, ...texts, ...regexes, ...splitting, ...joining, ...images };
/** Ops that the engine has as well. */
const SHARED: HostTable = { ...plain, ...comparing, ...scattering };

export const HOST_OPS: HostTable = { ...OWN, ...SHARED };

/** Whether a node of this op can only run on the host. */
export function isHostOnly(op: string): boolean {
  return Object.hasOwn(OWN, op) || TABLES.has(op);
}

/** Whether a node of this op can run on the host. */
export function runsOnHost(op: string): boolean {
  return (
    Object.hasOwn(HOST_OPS, op) || TABLES.has(op) || op === 'Const' || op === 'Placeholder' || evaluableOps.has(op)
  );
}
