/** `floe containerize`: models, frozen and compiled, in an image that serves them as soon as it is started. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { FloeError, invalid } from '@floe/graph/base';
import { type FreezeRequest, freezeVersion } from '../build/freeze-version.ts';
import { load } from '../index.ts';
import { scanRoot } from '../registry/scan.ts';
import { exists, MANIFEST_FILE, readManifest } from '../store/version-folder.ts';
import { freezeRequest } from './freeze.ts';
import { EXIT, print, printJson } from './output.ts';

const MODELS = 'models';
/** Lines of the builder's last words that an error repeats. */
const LAST_LINES = 5;

interface Baked {
  readonly model: string;
  readonly version: number;
}

/** `paths`: folders of frozen versions, models folders, or one source that `floe freeze` reads, with its options. */
export async function containerizeCommand(paths: readonly string[], options: Record<string, unknown>): Promise<number> {
  const { tag, base, contextOnly, platform, json, ...freeze } = options;
  const isKept = contextOnly !== undefined;
  const context = isKept
    ? await emptyFolder(resolve(String(contextOnly)))
    : await mkdtemp(join(tmpdir(), 'floe-context-'));
  let done = false;
  try {
    const baked: Baked[] = [];
    for (const path of paths) baked.push(...(await bake(path, join(context, MODELS), freeze)));
    await writeFile(join(context, 'Dockerfile'), dockerfile(String(base), baked));
    if (!isKept) await build(context, String(tag), platform as string | undefined);
    report(baked, isKept ? { context } : { image: String(tag) }, json === true);
    done = true;
    return EXIT.ok;
  } finally {
    // Half a context would be taken for a whole one.
    if (!isKept || !done) await rm(context, { recursive: true, force: true });
  }
}

async function emptyFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true });
  if ((await readdir(path)).length > 0)
    throw new FloeError('ALREADY_EXISTS', `${path} is not empty: a build context is written into a folder of its own`, {
      file: path,
    });
  return path;
}

/** Puts what is at `path` into `<root>/<model>/<version>`, frozen and compiled. Throws NOT_FOUND, what freezing throws, and what compiling does. */
async function bake(path: string, root: string, freeze: Record<string, unknown>): Promise<readonly Baked[]> {
  if (await exists(join(path, MANIFEST_FILE))) {
    const { name, version } = await readManifest(path);
    return [await copied(path, root, { model: name, version })];
  }
  const found = await versionsIn(path);
  const baked: Baked[] = [];
  for (const { model, version, folder, kind } of found)
    baked.push(
      kind === 'frozen'
        ? await copied(folder, root, { model, version })
        : await frozen({ source: folder, root, name: model, version }),
    );
  if (baked.length > 0) return baked;
  if (freeze['name'] === undefined)
    throw invalid(`${path} is neither frozen nor a models folder: to freeze it now, it needs a --name`, {
      field: '--name',
    });
  return [await frozen(freezeRequest(path, root, freeze))];
}

async function versionsIn(path: string) {
  const models = await scanRoot(path).catch(() => new Map());
  return [...models.values()].flat();
}

async function frozen(request: FreezeRequest): Promise<Baked> {
  const { manifest } = await freezeVersion(request, () => {});
  return { model: manifest.name, version: manifest.version };
}

/** Opening it compiles it, where it is not yet, and shows that it runs. */
async function copied(from: string, root: string, { model, version }: Baked): Promise<Baked> {
  const folder = join(root, model, String(version));
  await cp(from, folder, { recursive: true, errorOnExist: true, force: false });
  await (await load(folder)).close();
  return { model, version };
}

function dockerfile(base: string, baked: readonly Baked[]): string {
  const names = baked.map(({ model, version }) => `${model}/${version}`).join(' ');
  return `FROM ${base}\nLABEL floe.models="${names}"\nCOPY ${MODELS} /models\n`;
}

async function build(context: string, tag: string, platform: string | undefined): Promise<void> {
  const args = ['build', '--tag', tag, ...(platform === undefined ? [] : ['--platform', platform]), context];
  const docker = spawn('docker', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  docker.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [code] = (await once(docker, 'close').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT')
      throw new FloeError(
        'UNAVAILABLE',
        'docker is not on the PATH: install it, or take --context-only and build elsewhere',
        [],
        cause,
      );
    throw cause;
  })) as [number];
  if (code !== 0)
    throw new FloeError('FAILED_PRECONDITION', `docker could not build ${tag}: ${lastLines(said)}`, {
      field: '--base',
    });
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-LAST_LINES).join(' ');
}

function report(
  models: readonly Baked[],
  made: { readonly image?: string; readonly context?: string },
  json: boolean,
): void {
  const names = models.map(({ model, version }) => `${model} ${version}`).join(', ');
  if (json) printJson({ models, ...made });
  else if (made.image === undefined) print(`${made.context} has ${names}: docker build ${made.context}`);
  else print(`${made.image} serves ${names}: docker run -p 8501:8501 ${made.image}`);
}
