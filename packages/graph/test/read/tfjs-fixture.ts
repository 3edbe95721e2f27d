/** TensorFlow.js models in memory: a golden one with parts changed, or one with a single weight. */
import { filesOf } from './golden.ts';

/** Where something is in JSON, from the outside inwards. */
export type Place = readonly (string | number)[];
type Json = Record<string | number, unknown>;

/** `golden/tfjs/<name>` with other values at some places of its `model.json`; undefined takes a place away. */
export function changedModel(name: string, changes: readonly (readonly [Place, unknown])[]): Map<string, Uint8Array> {
  const files = filesOf(`tfjs/${name}`);
  const model = JSON.parse(new TextDecoder().decode(files.get('model.json'))) as Json;
  for (const [place, value] of changes) put(model, place, value);
  return files.set('model.json', new TextEncoder().encode(JSON.stringify(model)));
}

function put(json: Json, place: Place, value: unknown): void {
  const [first = '', ...rest] = place;
  if (rest.length === 0) json[first] = value;
  else put(json[first] as Json, rest, value);
}

interface OneWeight {
  readonly weight: object;
  readonly bytes: readonly number[];
  /** `DataType` of the constant; default: what the weight is stored as. */
  readonly type?: number;
}

/** A graph of one constant, `w`, and an Identity of it. */
export function modelOf({ weight, bytes, type }: OneWeight): Map<string, Uint8Array> {
  const types: Readonly<Record<string, string>> = { float32: 'DT_FLOAT', int32: 'DT_INT32', bool: 'DT_BOOL' };
  const dtype = type ?? types[(weight as { dtype: string }).dtype] ?? 'DT_STRING';
  const attr = { dtype: { type: dtype }, value: { tensor: { dtype } } };
  const model = {
    format: 'graph-model',
    modelTopology: {
      node: [
        { name: 'w', op: 'Const', attr },
        { name: 'y', op: 'Identity', input: ['w'], attr: { T: { type: dtype } } },
      ],
    },
    weightsManifest: [{ paths: ['w.bin'], weights: [{ name: 'w', ...weight }] }],
  };
  return new Map([
    ['model.json', new TextEncoder().encode(JSON.stringify(model))],
    ['w.bin', Uint8Array.from(bytes)],
  ]);
}
