/** Checks feeds and fetches against a session's tensors before any native code sees them. Values are free: NaN and Infinity pass. */
import { arrayFor, FloeError, invalid, type Tensor, type TensorSpec } from '@floe/graph/base';

/** The feeds in the order of `inputs`. Throws INVALID_ARGUMENT naming the tensor, what was expected and what was given. */
export function checkFeeds(inputs: readonly TensorSpec[], feeds: ReadonlyMap<string, Tensor>): Tensor[] {
  const tensors = inputs.map((spec) => {
    const tensor = feeds.get(spec.name);
    if (tensor === undefined) throw wrong(spec.name, 'is missing');
    checkTensor(spec, tensor);
    return tensor;
  });
  if (feeds.size !== inputs.length) throw unknownName(feeds.keys(), inputs, 'input');
  return tensors;
}

/** Positions of `fetches` in `outputs`. Throws INVALID_ARGUMENT for an unknown name, or for none at all. */
export function checkFetches(outputs: readonly TensorSpec[], fetches: readonly string[]): number[] {
  if (fetches.length === 0) throw invalid('no output is asked for');
  return fetches.map((name) => {
    const at = outputs.findIndex((spec) => spec.name === name);
    if (at < 0) throw unknownName([name], outputs, 'output');
    return at;
  });
}

/** What a session answers once it is closed. */
export function closedError(what: string): FloeError {
  return new FloeError('FAILED_PRECONDITION', `${what} is closed`);
}

function checkTensor(spec: TensorSpec, tensor: Tensor): void {
  if (tensor.dtype !== spec.dtype) throw wrong(spec.name, `has dtype ${tensor.dtype}, expected ${spec.dtype}`);
  checkShape(spec, tensor.shape);
  const size = tensor.shape.reduce((product, dim) => product * dim, 1);
  if (!Number.isSafeInteger(size)) throw wrong(spec.name, `has an impossible shape ${show(tensor.shape)}`);
  checkData(spec, tensor);
  if (tensor.data.length !== size)
    throw wrong(spec.name, `has ${tensor.data.length} elements, expected ${size} for shape ${show(tensor.shape)}`);
}

function checkShape(spec: TensorSpec, shape: readonly number[]): void {
  if (!shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0))
    throw wrong(spec.name, `has an impossible shape ${show(shape)}`);
  if (spec.shape === null) return;
  const fits = shape.length === spec.shape.length && spec.shape.every((dim, i) => dim < 0 || dim === shape[i]);
  if (!fits) throw wrong(spec.name, `has shape ${show(shape)}, expected ${show(spec.shape)}`);
}

function checkData(spec: TensorSpec, tensor: Tensor): void {
  if (tensor.dtype === 'string') {
    if (!Array.isArray(tensor.data) || !tensor.data.every((element) => element instanceof Uint8Array))
      throw wrong(spec.name, 'has other data than a list of byte strings');
    return;
  }
  const array = arrayFor(tensor.dtype);
  if (!(tensor.data instanceof array))
    throw wrong(spec.name, `has ${tensor.data.constructor.name} data, expected ${array.name}`);
}

function unknownName(names: Iterable<string>, specs: readonly TensorSpec[], kind: 'input' | 'output'): FloeError {
  const known = specs.map(({ name }) => name);
  const unknown = [...names].find((name) => !known.includes(name)) ?? '';
  const tensor = { tensor: unknown };
  return invalid(`${kind} ${JSON.stringify(unknown)} is unknown; there is ${known.join(', ')}`, tensor);
}

function wrong(name: string, problem: string): FloeError {
  return invalid(`input ${JSON.stringify(name)} ${problem}`, { tensor: name, reason: problem });
}

/** Unknown dimensions show as `?`. */
function show(shape: readonly number[]): string {
  return `[${shape.map((dim) => (dim === -1 ? '?' : dim)).join(', ')}]`;
}
