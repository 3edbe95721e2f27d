/** The JSON inside `frozen.pb`: what the graph's signatures are and where its weights came from. Written with a schema number. */
import { DTYPES } from './dtype.ts';
import { corrupt, FloeError } from './errors.ts';
import type { CheckpointMetadata, Signature } from './source.ts';

/** Name of the string constant that holds it. */
export const METADATA_NODE = 'floe/metadata';

export const METADATA_SCHEMA = 1;

export interface FrozenMetadata {
  readonly signatures: Readonly<Record<string, Signature>>;
  readonly checkpoint: CheckpointMetadata;
}

export function metadataText({ signatures, checkpoint }: FrozenMetadata): string {
  return JSON.stringify({ schema: METADATA_SCHEMA, signatures, checkpoint });
}

/** Throws DATA_LOSS where the text is malformed, UNIMPLEMENTED for a schema of a later Floe. */
export function parseMetadata(text: string, file: string): FrozenMetadata {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    throw new FloeError('DATA_LOSS', `${file}: ${METADATA_NODE} is no JSON`, { file, node: METADATA_NODE }, thrown);
  }
  if (!isRecord(value)) throw malformed(file, 'object');
  if (value['schema'] !== METADATA_SCHEMA) {
    throw new FloeError(
      'UNIMPLEMENTED',
      `${file} has metadata of schema ${String(value['schema'])}; this Floe reads ${METADATA_SCHEMA}`,
      { file },
    );
  }
  const { signatures, checkpoint } = value;
  if (!isRecord(signatures) || !Object.values(signatures).every(isSignature)) throw malformed(file, 'signatures');
  if (!isCheckpoint(checkpoint)) throw malformed(file, 'checkpoint');
  return { signatures: signatures as Record<string, Signature>, checkpoint };
}

function malformed(file: string, field: string): FloeError {
  return corrupt(`${file}: ${field} in ${METADATA_NODE} is malformed`, { file, node: METADATA_NODE, field });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSignature(value: unknown): boolean {
  if (!isRecord(value) || typeof value['methodName'] !== 'string') return false;
  const { inputs, outputs } = value;
  return isRecord(inputs) && isRecord(outputs) && [...Object.values(inputs), ...Object.values(outputs)].every(isSpec);
}

function isSpec(value: unknown): boolean {
  if (!isRecord(value) || typeof value['name'] !== 'string') return false;
  const { dtype, shape } = value;
  const goodShape =
    shape === null || (Array.isArray(shape) && shape.every((dim) => Number.isSafeInteger(dim) && dim >= -1));
  return typeof dtype === 'string' && Object.hasOwn(DTYPES, dtype) && goodShape;
}

function isCheckpoint(value: unknown): value is CheckpointMetadata {
  if (!isRecord(value)) return false;
  const { format, globalStep, producers, tags, digests } = value;
  if (typeof format !== 'string' || !(globalStep === null || typeof globalStep === 'number')) return false;
  if (!isRecord(producers) || typeof producers['tensorflow'] !== 'string') return false;
  if (typeof producers['graphProducer'] !== 'number' || typeof producers['graphMinConsumer'] !== 'number') return false;
  return Array.isArray(tags) && tags.every(isString) && isRecord(digests) && Object.values(digests).every(isString);
}

function isString(value: unknown): boolean {
  return typeof value === 'string';
}
