/** What is published at the beginning: digits after 30 steps of its training, and two networks that look at photographs. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import sharp from 'sharp';
import { MAIN } from '../../../bench/lib/paths.ts';
import { readHoldout } from '../../../packages/server/src/cli/demo/digits.ts';
import { publishFirst, split } from '../../../packages/server/src/cli/demo/growth.ts';
import { ModelRepository } from '../../../packages/server/src/registry/repository.ts';
import type { ObjectStore } from '../../../packages/server/src/store/objects/object-store.ts';
import type { Examples } from '../../../packages/server/src/train/examples.ts';
import { TrainingStore } from '../../../packages/server/src/train/training-store.ts';
import { floe, ROOT, run } from './shell.ts';

/** In [-1, 1], as the network was trained. */
const PHOTOS = { size: [224, 224], fit: 'fill', resize: 'tf-bilinear', colour: 'rgb', scale: [2 / 255], offset: [-1] };

export interface Source {
  readonly name: string;
  readonly path: string;
  /** What `floe freeze` and `floe check` are told of it. */
  readonly options: readonly string[];
}

/** Made by TensorFlow and Keras, by `conformance/models`; the checkpoint is the one in the repository. */
export async function sources(): Promise<{
  readonly digits: Source;
  readonly mobilenet: Source;
  readonly resnet: Source;
}> {
  const undertrained = join(ROOT, 'examples/digits/undertrained/model.ckpt-30.meta');
  const options = ['--outputs', 'probs,klass', '--set', 'keep_prob=1'];
  const [mobilenet, resnet] = await Promise.all([conformance('mobilenet_v2'), conformance('resnet50')]);
  return {
    digits: { name: 'digits', path: undertrained, options },
    mobilenet: { name: 'mobilenet', path: mobilenet, options: [] },
    resnet: { name: 'resnet50', path: resnet, options: [] },
  };
}

async function conformance(name: string): Promise<string> {
  const cache = join(process.env['FLOE_CACHE'] ?? '', 'conformance');
  const found = (await readdir(cache)).find((folder) => new RegExp(`^${name}-[0-9a-f]+$`).test(folder));
  if (found === undefined) throw new Error(`${name} is not made yet: conformance/run ${name} makes it`);
  return join(cache, found, 'source');
}

/** Whether TensorFlow gives the same answers, as `floe check` finds. */
export async function equalsTensorFlow({ path, options }: Source): Promise<boolean> {
  const python = (await run(join(ROOT, 'tools/python-env'), [])).trim();
  const env = { TF_CPP_MIN_LOG_LEVEL: '3', CUDA_VISIBLE_DEVICES: '' };
  const said = await run(process.execPath, [MAIN, 'check', path, ...options, '--python', python, '--json'], env);
  const { signatures } = JSON.parse(said) as {
    signatures: readonly { answers?: Record<string, { agrees: boolean }> }[];
  };
  const agrees = signatures.map(({ answers = {} }) => Object.values(answers).map((output) => output.agrees));
  return agrees.length > 0 && agrees.every((outputs) => outputs.length > 0 && outputs.every(Boolean));
}

/** Freezes, publishes and makes stable. */
export async function publishPhotos(source: Source, folder: string, url: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const describe = join(folder, `${source.name}.json`);
  const input = await inputOf(source);
  await writeFile(describe, JSON.stringify({ preprocessing: { serving_default: { [input]: PHOTOS } } }));
  await floe('freeze', source.path, '--models', folder, '--name', source.name, '--describe', describe);
  const frozen = join(folder, source.name, '1');
  await floe('models', 'publish', frozen, '--models', url);
  await floe('models', 'promote', source.name, '1', '--models', url);
}

async function inputOf({ path }: Source): Promise<string> {
  const { signatures } = JSON.parse(await floe('inspect', path, '--json')) as {
    signatures: Record<string, { inputs: Record<string, unknown> }>;
  };
  return Object.keys(signatures['serving_default']?.inputs ?? {})[0] ?? '';
}

/** The first version of digits with the set it is measured by; gives the digits that users come across. */
export async function publishDigits(folder: string, objects: ObjectStore): Promise<Examples> {
  const { held, others } = split(await readHoldout());
  await publishFirst(folder, held, new ModelRepository(objects), new TrainingStore(objects));
  return others;
}

/** A photograph of nothing: smooth colours, so that it is as large as photographs of its size are. */
export function photograph(width: number, height: number): Promise<Buffer> {
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (const phase of [0, 2, 4]) pixels[at++] = 127 + 80 * Math.sin(x / 37 + phase) + 40 * Math.cos((y * x) / 4001);
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 85 })
    .toBuffer();
}
