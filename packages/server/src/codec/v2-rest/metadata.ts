/** What the Open Inference Protocol V2 says of the server. */

/** Triton's names of what this server has beyond the protocol itself. */
const EXTENSIONS = [
  'binary_tensor_data',
  'classification',
  'model_configuration',
  'model_repository',
  'schedule_policy',
  'statistics',
] as const;

export function serverMetadata(version: string): {
  readonly name: string;
  readonly version: string;
  readonly extensions: readonly string[];
} {
  return { name: 'floe', version, extensions: EXTENSIONS };
}
