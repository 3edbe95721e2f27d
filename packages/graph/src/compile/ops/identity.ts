/** Ops that hand their inputs on. */
import { each } from '../lowering.ts';

export const IDENTITY = {
  ...each(
    'Identity StopGradient PreventGradient PlaceholderWithDefault Snapshot CheckNumerics EnsureShape DebugGradientIdentity',
    (l) => l.input(0),
  ),
  ...each('IdentityN', (l) => l.inputs()),
};
