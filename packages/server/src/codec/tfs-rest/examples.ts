/**
 * TensorFlow Serving's `:classify` and `:regress`: `{"signature_name", "context", "examples": [{name: value or list}, ...]}`, answered by
 * `{"results": [...]}`. Words and layout are those of its `util/json_tensor.cc`.
 *
 * A number with a fraction or an exponent is a float, any other and a truth value an int64, a string or `{"b64": ...}` bytes.
 */
import { type FloeError, invalid } from '@floe/graph/base';
import { encodeExample, type FeatureValues } from '@floe/graph/host';
import { ownBuffer } from '../../core/encoded-form.ts';
import type { Answer, Codec } from '../../core/inference.ts';
import { callOf, type ExamplesMethod, withContext } from '../examples/call.ts';
import { classificationsOf, regressionsOf } from '../examples/results.ts';
import { base64Object } from '../json/base64.ts';
import { JsonScanner } from '../json/scanner.ts';
import { ByteWriter } from '../json/writer.ts';
import { debugString, kindName } from './debug-string.ts';
import { checkDocument, format, nameAt } from './document.ts';

export interface TfsExamplesRequest {
  readonly body: Uint8Array;
  readonly method: ExamplesMethod;
}

export const tfsExamplesCodec: Codec<TfsExamplesRequest, Buffer> = {
  decode: ({ body, method }, servable) => {
    const { signatureName, examples } = readRequest(body);
    return callOf(method, servable, signatureName, examples);
  },
  encode: (answer, { method }) => (method === 'classify' ? writeClasses(answer) : writeValues(answer)),
  form: ({ method }) => ({ id: `tfs/${method}`, own }),
};

function own(reply: Buffer): { readonly reply: Buffer; readonly bytes: number } {
  return { reply: ownBuffer(reply), bytes: reply.length };
}

interface Request {
  readonly signatureName: string;
  readonly examples: readonly Uint8Array[];
}

function readRequest(body: Uint8Array): Request {
  checkDocument(body);
  const members = new Map<string, number>();
  const scanner = new JsonScanner(body);
  scanner.object((name, offset) => {
    if (!members.has(name)) members.set(name, offset);
    scanner.skip();
  });
  const signatureName = nameAt(body, members.get('signature_name'));
  const context = members.get('context');
  const shared = context === undefined ? undefined : readExample(new JsonScanner(body, context));
  const examples = readExamples(body, members.get('examples'));
  return { signatureName, examples: shared === undefined ? examples : withContext(shared, examples) };
}

function readExamples(body: Uint8Array, offset: number | undefined): readonly Uint8Array[] {
  if (offset === undefined) throw format(body, "When method is classify, key 'examples' is expected and was not found");
  const scanner = new JsonScanner(body, offset);
  if (scanner.kind() !== 'array') throw format(body, "Expecting 'examples' value to be an list/array");
  const examples: Uint8Array[] = [];
  scanner.array(() => examples.push(readExample(scanner)));
  if (examples.length === 0) throw format(body, "'examples' value is an empty array");
  return examples;
}

function readExample(scanner: JsonScanner): Uint8Array {
  if (scanner.kind() !== 'object')
    throw invalid(`Example must be JSON object but got JSON ${kindName(scanner.bytes, scanner.pos)}`, {
      field: 'examples',
    });
  const features = new Map<string, FeatureValues | undefined>();
  scanner.object((name) => {
    const feature = new FeatureReader(scanner, name);
    if (scanner.kind() === 'array') scanner.array(() => feature.take());
    else feature.take();
    features.set(name, feature.finish());
  });
  return encodeExample(features);
}

type Element = Uint8Array | number | bigint;

/** Collects the elements of one feature, of which the first says of what kind all are. */
class FeatureReader {
  private readonly scanner: JsonScanner;
  private readonly name: string;
  private kind: FeatureValues['kind'] | undefined;
  private readonly elements: Element[] = [];

  constructor(scanner: JsonScanner, name: string) {
    this.scanner = scanner;
    this.name = name;
  }

  take(): void {
    const { scanner } = this;
    const json = scanner.kind();
    if (json === 'string') this.add('string', Buffer.from(scanner.string()));
    else if (json === 'object' && this.isBase64()) this.add('string', base64Object(scanner));
    else if (json === 'true' || json === 'false') this.add('int64', scanner.boolean() ? 1n : 0n);
    else if (json === 'number') this.number();
    else throw this.fail(`has element with unexpected JSON type: ${kindName(scanner.bytes, scanner.pos)}`);
  }

  finish(): FeatureValues | undefined {
    const { kind, elements } = this;
    if (kind === 'string') return { kind, values: elements as Uint8Array[] };
    if (kind === 'float32') return { kind, values: Float32Array.from(elements as number[]) };
    return kind && { kind, values: BigInt64Array.from(elements as bigint[]) };
  }

  private number(): void {
    const { scanner } = this;
    const value = scanner.number(false);
    if (!scanner.integer) {
      if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) throw this.lossy(value);
      this.add('float32', value);
      return;
    }
    const whole = BigInt(Buffer.from(scanner.bytes.subarray(scanner.start, scanner.pos)).toString('latin1'));
    if (whole >= 2n ** 63n) throw this.fail('has uint64 element. Only int64 is supported.');
    if (whole < -(2n ** 63n)) throw this.lossy(value);
    this.add('int64', whole);
  }

  /** An object that stands for bytes; looked at without being taken. */
  private isBase64(): boolean {
    const { scanner } = this;
    const { pos } = scanner;
    const names: string[] = [];
    let isText = false;
    scanner.object((name) => {
      names.push(name);
      isText = scanner.kind() === 'string';
      scanner.skip();
    });
    scanner.pos = pos;
    return isText && names.length === 1 && names[0] === 'b64';
  }

  private add(kind: FeatureValues['kind'], element: Element): void {
    this.kind ??= kind;
    if (this.kind !== kind) {
      const words = { string: 'bytes', float32: 'float', int64: 'int64' }[this.kind];
      throw invalid(`Unexpected element type in feature: ${this.name} expecting type: ${words}`, {
        tensor: this.name,
      });
    }
    this.elements.push(element);
  }

  private fail(what: string): FloeError {
    return invalid(`Feature: ${this.name} ${what}`, { tensor: this.name });
  }

  private lossy(value: number): FloeError {
    return invalid(`Feature: ${this.name}: ${debugString(this.scanner.bytes, this.scanner.start)} is out of range`, {
      tensor: this.name,
      reason: String(value),
    });
  }
}

function writeClasses(answer: Answer): Buffer {
  const writer = new ByteWriter();
  writer.raw('{\n    "results": [');
  for (const [row, classes] of classificationsOf(answer).entries()) {
    writer.raw(row === 0 ? '[' : ', [');
    for (const [i, { label, score }] of classes.entries()) {
      writer.raw(i === 0 ? '[' : ', [');
      writer.string(label);
      writer.raw(', ');
      writer.float32(score);
      writer.byte(0x5d);
    }
    writer.byte(0x5d);
  }
  writer.raw('\n    ]\n}');
  return writer.finish();
}

function writeValues(answer: Answer): Buffer {
  const writer = new ByteWriter();
  writer.raw('{\n    "results": [');
  for (const [row, value] of regressionsOf(answer).entries()) {
    if (row > 0) writer.raw(', ');
    writer.float32(value);
  }
  writer.raw(']\n}');
  return writer.finish();
}
