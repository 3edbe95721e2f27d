/** Signatures as files have them (`SignatureDef`), as Floe's. */
import { shapeFromProto } from '../constants.ts';
import { dtypeFromTf } from '../dtype.ts';
import { FloeError } from '../errors.ts';
import { tensorName } from '../graph.ts';
import type { SignatureDef, TensorInfo } from '../proto/tensorflow.ts';
import type { Signature } from '../source.ts';
import type { TensorSpec } from '../tensor.ts';

/** Signatures that initialise or train; they say nothing of answers. */
const INTERNAL = /^__saved_model_/;

/** Throws UNIMPLEMENTED for a signature with sparse or composite tensors or an unknown dtype. */
export function signaturesFrom(defs: ReadonlyMap<string, SignatureDef>): Record<string, Signature> {
  const signatures = Object.create(null) as Record<string, Signature>;
  for (const key of [...defs.keys()].sort()) {
    if (INTERNAL.test(key)) continue;
    const def = defs.get(key) as SignatureDef;
    signatures[key] = { inputs: specs(def.inputs, key), outputs: specs(def.outputs, key), methodName: def.method_name };
  }
  return signatures;
}

function specs(infos: ReadonlyMap<string, TensorInfo>, signature: string): Record<string, TensorSpec> {
  const out = Object.create(null) as Record<string, TensorSpec>;
  for (const key of [...infos.keys()].sort()) out[key] = spec(infos.get(key) as TensorInfo, key, signature);
  return out;
}

function spec(info: TensorInfo, key: string, signature: string): TensorSpec {
  const dtype = dtypeFromTf(info.dtype);
  if (info.name === '') throw unsupported(`tensor ${key} of signature ${signature} is sparse or composite`, key);
  if (dtype === undefined)
    throw unsupported(`tensor ${key} of signature ${signature} has dtype number ${info.dtype}`, key);
  return { name: tensorName(info.name), dtype, shape: shapeFromProto(info.tensor_shape) };
}

function unsupported(message: string, tensor: string): FloeError {
  return new FloeError('UNIMPLEMENTED', message, { tensor });
}
