/** What the commands of `floe models` do. */
import { userInfo } from 'node:os';
import type { Channels } from '../registry/aspired.ts';
import type { Actor, AuditEntry } from '../registry/audit.ts';
import { ModelRepository } from '../registry/repository.ts';
import { readManifest } from '../store/version-folder.ts';
import { bytes, EXIT, print, printJson, table } from './output.ts';
import { withRepository } from './with-repository.ts';

type Options = Record<string, unknown>;
type Action = (
  repository: ModelRepository,
  args: readonly unknown[],
  options: Options,
  actor: Actor,
) => Promise<unknown>;

interface Command {
  readonly run: Action;
  /** What it gave, for people. */
  readonly say: (result: never) => string;
}

interface VersionRow {
  readonly version: number;
  readonly bytes: number;
  readonly accuracy?: number;
  readonly n?: number;
  readonly trainer?: string;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  list: { run: list, say: sayList },
  show: { run: show, say: sayShown },
  publish: {
    run: async (repository, [folder], { name }, actor) => {
      const own = (await readManifest(String(folder))).name;
      const model = String(name ?? own);
      return { model, version: await repository.publish(model, String(folder), actor) };
    },
    say: ({ model, version }: { model: string; version: number }) => `${model} ${version} is published`,
  },
  promote: {
    run: async (repository, [model, version], _, actor) =>
      moved(model, await repository.promote(String(model), Number(version), actor)),
    say: sayMoved,
  },
  canary: {
    run: async (repository, [model, version], { percent, steps }, actor) => {
      const own = steps === undefined ? {} : { steps: steps as readonly number[] };
      const canary = { version: Number(version), percent: Number(percent), ...own };
      return moved(model, await repository.changeChannels(String(model), (now) => ({ ...now, canary }), actor));
    },
    say: sayMoved,
  },
  rollback: {
    run: async (repository, [model], _, actor) => moved(model, await repository.rollback(String(model), actor)),
    say: sayMoved,
  },
  delete: {
    run: async (repository, [model, version], _, actor) => {
      await repository.delete(String(model), Number(version), actor);
      return { model, version };
    },
    say: ({ model, version }: { model: string; version: number }) => `${model} ${version} is deleted`,
  },
  gc: { run: collect, say: sayCollected },
};

export async function modelsCommand(name: string, args: readonly unknown[], options: Options): Promise<number> {
  const { run, say } = COMMANDS[name] as Command;
  return withRepository(options, async (objects) => {
    const actor = { by: userInfo().username, why: String(options['why'] ?? '') };
    const result = await run(new ModelRepository(objects), args, options, actor);
    if (options['json'] === true) printJson(result);
    else print(say(result as never));
    return EXIT.ok;
  });
}

async function list(repository: ModelRepository): Promise<{ models: object[] }> {
  const versions = await repository.list();
  const models = [...versions].map(async ([model, published]) => ({
    model,
    versions: published.map(({ version }) => version),
    ...(await repository.channels(model)),
  }));
  return { models: await Promise.all(models) };
}

function sayList({
  models,
}: {
  models: readonly (Channels & { model: string; versions: readonly number[] })[];
}): string {
  const rows = models.map(({ model, versions, ...channels }) => [model, versions.join(' '), sayChannels(channels)]);
  return models.length === 0 ? 'no models' : table([['model', 'versions', 'channels'], ...rows]);
}

interface Shown {
  readonly model: string;
  readonly channels: Channels;
  readonly versions: readonly VersionRow[];
  readonly audit: readonly AuditEntry[];
}

async function show(repository: ModelRepository, [name]: readonly unknown[]): Promise<Shown> {
  const model = String(name);
  const versions = await Promise.all(
    (await repository.versions(model)).map((version) => rowOf(repository, model, version)),
  );
  const [channels, audit] = [await repository.channels(model), await repository.audit(model)];
  return { model, channels, versions, audit };
}

async function rowOf(repository: ModelRepository, model: string, version: number): Promise<VersionRow> {
  const { files, accuracy, lineage } = await repository.manifest(model, version);
  const size = Object.values(files).reduce((sum, file) => sum + file.bytes, 0);
  const trainer = lineage.training?.trainer;
  return {
    version,
    bytes: size,
    ...(accuracy === undefined ? {} : { accuracy: accuracy.value, n: accuracy.n }),
    ...(trainer === undefined ? {} : { trainer }),
  };
}

function sayShown({ model, channels, versions, audit }: Shown): string {
  const rows = versions.map(({ version, bytes: size, accuracy, n, trainer }) => [
    `  ${version}`,
    bytes(size),
    accuracy === undefined ? '-' : `${(100 * accuracy).toFixed(2)} % of ${n}`,
    trainer ?? '-',
  ]);
  const moves = audit.map(
    (entry) => `  ${entry.at}  ${entry.by}: ${sayEntry(entry)}${entry.why === '' ? '' : ` (${entry.why})`}`,
  );
  const head = `${model}: ${sayChannels(channels)}`;
  return [head, table([['  version', 'size', 'accuracy', 'trained by'], ...rows]), ...moves].join('\n');
}

function sayEntry(entry: AuditEntry): string {
  if (entry.action !== 'channels') return `${entry.action} ${entry.version}`;
  return `${sayChannels(entry.from)} -> ${sayChannels(entry.to)}`;
}

function sayChannels({ stable, canary, labels }: Channels): string {
  const parts = [
    ...(stable === undefined ? [] : [`stable ${stable}`]),
    ...(canary === undefined ? [] : [`canary ${canary.version} (${canary.percent} %)`]),
    ...Object.entries(labels).map(([label, version]) => `${label} ${version}`),
  ];
  return parts.length === 0 ? 'the newest serves' : parts.join(', ');
}

function moved(model: unknown, channels: Channels): { model: string; channels: Channels } {
  return { model: String(model), channels };
}

function sayMoved({ model, channels }: { model: string; channels: Channels }): string {
  return `${model}: ${sayChannels(channels)}`;
}

async function collect(
  repository: ModelRepository,
  [name]: readonly unknown[],
  { keep, minAgeHours }: Options,
  actor: Actor,
): Promise<{ deleted: { model: string; versions: readonly number[] }[] }> {
  const terms = { keep: Number(keep), minAgeHours: Number(minAgeHours) };
  const deleted = [];
  for (const model of name === undefined ? await repository.models() : [String(name)])
    deleted.push({ model, versions: await repository.collectGarbage(model, terms, actor) });
  return { deleted };
}

function sayCollected({ deleted }: { deleted: readonly { model: string; versions: readonly number[] }[] }): string {
  return deleted
    .map(({ model, versions }) => `${model}: ${versions.length === 0 ? 'nothing' : versions.join(' ')} deleted`)
    .join('\n');
}
