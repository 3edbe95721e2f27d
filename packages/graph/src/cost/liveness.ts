/**
 * How many bytes of values a run needs at a time: nodes go in order, a node's results are there while its inputs still are, and a value
 * goes after its last use. An engine that works in place needs less, one that runs branches side by side more.
 */

export interface Step {
  readonly uses: readonly string[];
  readonly makes: readonly { readonly name: string; readonly bytes: number }[];
  /** Bytes that the node needs while it runs: the peak of its subgraph. */
  readonly inside: number;
}

/** `outputs` stay until the end. */
export function peakBytes(steps: readonly Step[], outputs: ReadonlySet<string>): number {
  const last = lastUses(steps);
  const held = new Map<string, number>();
  let live = 0;
  let peak = 0;
  const release = (name: string): void => {
    live -= held.get(name) ?? 0;
    held.delete(name);
  };
  steps.forEach(({ uses, makes, inside }, at) => {
    for (const { name, bytes } of makes) {
      held.set(name, bytes);
      live += bytes;
    }
    peak = Math.max(peak, live + inside);
    for (const name of uses) if (last.get(name) === at && !outputs.has(name)) release(name);
    for (const { name } of makes) if (!last.has(name) && !outputs.has(name)) release(name);
  });
  return peak;
}

function lastUses(steps: readonly Step[]): ReadonlyMap<string, number> {
  const last = new Map<string, number>();
  steps.forEach(({ uses }, at) => {
    for (const name of uses) last.set(name, at);
  });
  return last;
}
