/** TensorFlow.js, from the folder where its packages are: loads a graph model from disk and asks it. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Numbers with a shape: what TensorFlow.js gives, and what it takes. */
export interface Numbers {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: ArrayLike<number>;
}

interface TfTensor {
  readonly shape: number[];
  readonly dtype: string;
  dataSync(): Float32Array | Int32Array | Uint8Array;
}
interface GraphModel {
  readonly weights: Readonly<Record<string, readonly TfTensor[]>>;
  execute(feeds: Readonly<Record<string, TfTensor>>, fetches: readonly string[]): TfTensor | TfTensor[];
  executeAsync(feeds: Readonly<Record<string, TfTensor>>, fetches: readonly string[]): Promise<TfTensor | TfTensor[]>;
  dispose(): void;
}
interface Core {
  setBackend(name: string): Promise<boolean>;
  tensor(data: ArrayLike<number>, shape: readonly number[], dtype: string): TfTensor;
  engine(): { startScope(): void; endScope(): void };
}
interface Converter {
  loadGraphModel(handler: { load(): unknown }): Promise<GraphModel>;
}
interface ModelJson {
  readonly modelTopology: object;
  readonly weightsManifest: readonly { readonly paths: readonly string[]; readonly weights: readonly object[] }[];
}

export class Judge {
  private readonly core: Core;
  private readonly converter: Converter;

  constructor(packages: string) {
    const load = createRequire(join(packages, 'package.json'));
    this.core = load('@tensorflow/tfjs-core') as Core;
    this.converter = load('@tensorflow/tfjs-converter') as Converter;
    load('@tensorflow/tfjs-backend-cpu');
    const wasm = load('@tensorflow/tfjs-backend-wasm') as { setWasmPaths(folder: string): void };
    wasm.setWasmPaths(`${dirname(load.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
  }

  /** Loads the model in `file`, uses it, and gives its memory back. */
  async use<T>(file: string, backend: string, work: (model: JudgedModel) => Promise<T>): Promise<T> {
    await this.core.setBackend(backend);
    this.core.engine().startScope();
    const model = await this.converter.loadGraphModel({ load: () => artifacts(file) });
    try {
      return await work(new JudgedModel(this.core, model));
    } finally {
      model.dispose();
      this.core.engine().endScope();
    }
  }
}

export class JudgedModel {
  private readonly core: Core;
  private readonly model: GraphModel;

  constructor(core: Core, model: GraphModel) {
    this.core = core;
    this.model = model;
  }

  weight(name: string): Numbers | undefined {
    const tensor = this.model.weights[name]?.[0];
    return tensor === undefined ? undefined : numbersOf(tensor);
  }

  /** Feeds and fetches by the names of tensors. */
  async ask(feeds: Readonly<Record<string, Numbers>>, fetches: readonly string[]): Promise<readonly Numbers[]> {
    const inputs = Object.fromEntries(
      Object.entries(feeds).map(([name, { data, shape, dtype }]) => [name, this.core.tensor(data, shape, dtype)]),
    );
    const answer = await this.execute(inputs, fetches);
    return (Array.isArray(answer) ? answer : [answer]).map(numbersOf);
  }

  /** Graphs with control flow, and only those, have to be run the other way. */
  private async execute(
    inputs: Readonly<Record<string, TfTensor>>,
    fetches: readonly string[],
  ): Promise<TfTensor | TfTensor[]> {
    try {
      return this.model.execute(inputs, fetches);
    } catch (error) {
      if (/executeAsync/.test(String(error))) return this.model.executeAsync(inputs, fetches);
      throw error;
    }
  }
}

function numbersOf(tensor: TfTensor): Numbers {
  return { shape: tensor.shape, dtype: tensor.dtype, data: tensor.dataSync() };
}

/** What a loader of TensorFlow.js gives: the weights of all groups, one behind the other. */
function artifacts(file: string): object {
  const { weightsManifest, ...model } = JSON.parse(readFileSync(file, 'utf8')) as ModelJson;
  const paths = weightsManifest.flatMap((group) => group.paths);
  const bytes = Buffer.concat(paths.map((path) => readFileSync(join(dirname(file), path))));
  return {
    ...model,
    weightSpecs: weightsManifest.flatMap((group) => group.weights),
    weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
  };
}
