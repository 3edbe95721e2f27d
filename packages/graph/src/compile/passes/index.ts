/** The passes on the ONNX graph, after lowering; one file each. They change the graph they are given. */
import { graphsIn, type OnnxGraph } from '../../onnx-graph.ts';
import { foldAffine } from './affine.ts';
import { normaliseLeftovers } from './batch-norm.ts';
import { removeDead } from './dead.ts';
import { multiplyEquations } from './einsum.ts';
import { poolGlobally } from './global-pool.ts';
import { guardMaxPools } from './guard-max-pool.ts';
import { guardProducts } from './guard-products.ts';
import { hoistFromLoops } from './hoist.ts';
import { pushTransposes } from './layout.ts';
import { liftAffine } from './lift-affine.ts';
import { ownConstants } from './own-constants.ts';
import { foldPads } from './pad.ts';
import { raiseGelus } from './raise-gelu.ts';
import { raiseHardSigmoids } from './raise-hard-sigmoid.ts';
import { raiseLayerNorms } from './raise-layer-norm.ts';
import { raiseLeakyRelus } from './raise-leaky-relu.ts';
import { raiseRecurrent } from './raise-recurrent.ts';
import { sinkIntoBranches } from './sink-into-branches.ts';

export type OnnxPass = (graph: OnnxGraph) => void;

/**
 * Names and order of the passes: what is spelt out becomes one op while its axes are still where TensorFlow has them, and only without
 * transposes in between do pads and factors meet the convolution they belong to.
 */
export const ONNX_PASSES: readonly (readonly [name: string, pass: OnnxPass])[] = [
  ['raise-layer-norms', everywhere(raiseLayerNorms)],
  ['raise-gelus', everywhere(raiseGelus)],
  ['raise-hard-sigmoids', everywhere(raiseHardSigmoids)],
  ['raise-leaky-relus', everywhere(raiseLeakyRelus)],
  ['multiply-equations', everywhere(multiplyEquations)],
  ['push-transposes', everywhere(pushTransposes)],
  ['remove-dead', removeDead],
  ['fold-pads', everywhere(foldPads)],
  ['lift-affine', everywhere(liftAffine)],
  ['fold-affine', everywhere(foldAffine)],
  ['normalise-leftovers', everywhere(normaliseLeftovers)],
  ['raise-recurrent', raiseRecurrent],
  ['hoist-from-loops', hoistFromLoops],
  ['sink-into-branches', everywhere(sinkIntoBranches)],
  ['pool-globally', everywhere(poolGlobally)],
  ['guard-max-pools', everywhere(guardMaxPools)],
  ['guard-products', everywhere(guardProducts)],
  ['remove-dead', removeDead],
  ['own-constants', ownConstants],
];

/** The pass on the graph and on every subgraph. */
function everywhere(pass: OnnxPass): OnnxPass {
  return (graph) => {
    for (const each of graphsIn(graph)) pass(each);
  };
}

/** Runs all of them; `after` is told of each. */
export function optimiseOnnx(graph: OnnxGraph, after: (pass: string) => void = () => {}): void {
  for (const [name, pass] of ONNX_PASSES) {
    pass(graph);
    after(name);
  }
}
