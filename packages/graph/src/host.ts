/** What a server needs for Examples, and to run the parts of a model that are the host's (`@floe/graph/host`). */
import type { HostPorts } from './host/host-op.ts';
import { HostProgram } from './host/program.ts';
import { readFrozenGraph } from './read/frozen-graph.ts';

export type { FeatureValues } from './example/decode.ts';
export { encodeExample } from './example/encode.ts';
export type { HostPorts, Pixels } from './host/host-op.ts';
export type { HostProgram } from './host/program.ts';

/** Reads what `divide` made. `file` is for error messages. Throws DATA_LOSS, INVALID_ARGUMENT. */
export function readHostProgram(bytes: Uint8Array, file: string, ports: HostPorts): HostProgram {
  return new HostProgram(readFrozenGraph(bytes, file), ports);
}
