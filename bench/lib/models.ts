/** The models to measure, frozen by this checkout into folders of their own that go when the run ends. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { output } from './children.ts';
import { MAIN, MODELS_SCRIPT, PYTHON_ENV } from './paths.ts';

/** `mlp` or `cnn` of bench/models.py, or a model of conformance/. */
export type ModelName = string;

export interface Spec {
  readonly dtype: string;
  readonly shape: readonly number[];
}

export interface Model {
  readonly name: ModelName;
  /** What `floe serve --models` takes; holds this model only. */
  readonly root: string;
  /** What was frozen, and the signature that was compiled. */
  readonly source: string;
  readonly signature: string;
  /** Graph tensors of that signature's inputs, by their keys in it. */
  readonly tensors: Readonly<Record<string, string>>;
  /** Path of the default signature's `model.onnx`. */
  readonly compiled: string;
  readonly inputs: Readonly<Record<string, Spec>>;
  /** Bytes of weights of that graph. */
  readonly weights: number;
  /** Makes another version in a folder from where it can be renamed into `root`. */
  freeze(version: number, root: string): Promise<string>;
}

export interface Source {
  readonly name: ModelName;
  readonly source: string;
  readonly freeze: readonly string[];
}

/** The folder in which benchmarks keep what takes long to make. */
export function benchCache(): string {
  const home = process.env['FLOE_CACHE'] || join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'floe');
  mkdirSync(join(home, 'bench'), { recursive: true });
  return join(home, 'bench');
}

export class Models {
  private readonly folder: string;
  private readonly made = new Map<ModelName, Promise<Model>>();

  constructor() {
    this.folder = mkdtempSync(join(benchCache(), 'models-'));
    process.on('exit', () => rmSync(this.folder, { recursive: true, force: true }));
  }

  /** A folder that goes with the models. */
  scratch(): string {
    return mkdtempSync(join(this.folder, 'scratch-'));
  }

  get(name: ModelName): Promise<Model> {
    const made = this.made.get(name) ?? this.make(name);
    this.made.set(name, made);
    return made;
  }

  private async make(name: ModelName): Promise<Model> {
    const source = await sourceOf(name);
    const freeze = (version: number, root: string): Promise<string> => freezeVersion(source, version, root);
    const root = join(this.folder, name);
    const version = await freeze(1, root);
    const manifest = JSON.parse(readFileSync(join(version, 'model.json'), 'utf8'));
    const signature: string = manifest.defaultSignature;
    const inputs: Record<string, Spec & { name: string }> = manifest.signatures[signature].inputs;
    const tensors = Object.fromEntries(Object.entries(inputs).map(([key, spec]) => [key, spec.name]));
    const artefact = join(version, 'compiled', readdirSync(join(version, 'compiled'))[0] ?? '');
    const about = JSON.parse(readFileSync(join(artefact, 'compiled.json'), 'utf8'));
    const weights = about.files['weights.bin']?.bytes ?? 0;
    const compiled = join(artefact, 'model.onnx');
    return { name, root, source: source.source, signature, tensors, compiled, inputs, weights, freeze };
  }
}

/** A copy of a model's folder in which its accuracy is stated, so that its answers may be cached. Gives the root to serve. */
export async function accurate({ name, root }: Model, value: number, into: string): Promise<string> {
  await cp(root, into, { recursive: true });
  const file = join(into, name, '1', 'model.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  const accuracy = { metric: 'accuracy', value, n: 1000, dataset: 'bench', split: 'holdout' };
  writeFileSync(file, JSON.stringify({ ...manifest, accuracy }));
  return into;
}

export async function sourceOf(name: ModelName): Promise<Source> {
  const python = (await output(PYTHON_ENV, [])).trim();
  return JSON.parse(await output(python, [MODELS_SCRIPT, name]));
}

async function freezeVersion({ name, source, freeze }: Source, version: number, root: string): Promise<string> {
  const target = ['--models', root, '--name', name, '--version', String(version), '--json'];
  const { folder } = JSON.parse(await output(process.execPath, [MAIN, 'freeze', source, ...target, ...freeze]));
  if (dirname(dirname(folder)) !== root) throw new Error(`${name} was frozen to ${folder}`);
  return folder;
}
