/** Ops whose outputs are their inputs, whatever these hold. */
export const PASS_ON: ReadonlySet<string> = new Set([
  'Identity',
  'IdentityN',
  'StopGradient',
  'PreventGradient',
  'Snapshot',
  'EnsureShape',
  'PlaceholderWithDefault',
]);
