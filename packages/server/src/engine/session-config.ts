/** Session configuration of ONNX Runtime that both ways of calling it share. Each choice with what was measured for it. */

/**
 * Fused layer norm, GELU and attention made BERT slower (0.88 to 0.94 times): they stay as they are. QuickGelu is fused: EfficientNetB0
 * took 33 ms with it and 41 without.
 */
const UNWANTED_FUSIONS = [
  'LayerNormFusionL1',
  'LayerNormFusionL2',
  'SimplifiedLayerNormFusion',
  'SkipLayerNormFusion',
  'BiasSkipLayerNormFusion',
  'EmbedLayerNormFusion',
  'AttentionFusion',
  'GeluFusionL1',
  'GeluFusionL2',
  'BiasGeluFusion',
  'FastGeluFusion',
];

/**
 * The memory arena and memory patterns stay on, as they are by default: without the arena two MobileNetV2-like runs in flight kept
 * 280 MB resident instead of 184 (glibc does not give freed blocks back), at the same speed.
 */
export const SESSION_CONFIG: readonly (readonly [key: string, value: string])[] = [
  // Threads that wait for work by spinning take a whole core under load.
  ['session.intra_op.allow_spinning', '0'],
  ['session.inter_op.allow_spinning', '0'],
  ['optimization.disable_specified_optimizers', UNWANTED_FUSIONS.join(';')],
];
