/** What `deploy/helm/check` judges; see there. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isDeepStrictEqual, promisify } from 'node:util';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { LIVE_OPTIONS, resolveConfig } from '../../packages/server/dist/core/config.js';
import { parseTrainers } from '../../packages/server/dist/train/trainers.js';
import { Checks } from '../e2e/road/checks.ts';
import { BAD, PLAIN, VALUES } from './values.ts';

interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: { readonly template?: { readonly spec: PodSpec } };
}

interface PodSpec {
  readonly automountServiceAccountToken?: boolean;
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly containers: readonly {
    readonly name: string;
    readonly resources?: { readonly requests?: object; readonly limits?: object };
    readonly securityContext?: Readonly<Record<string, unknown>>;
  }[];
}

const CHART = fileURLToPath(new URL('floe', import.meta.url));
const DEPLOY = fileURLToPath(new URL('..', import.meta.url));
const KUBERNETES = '1.35';
const HELM = process.env['HELM'] ?? 'helm';
const run = promisify(execFile);
const checks = new Checks();

async function helm(args: readonly string[], values: object): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'floe-chart-'));
  try {
    const file = join(folder, 'values.yaml');
    await writeFile(file, stringify(values));
    return (await run(HELM, [...args, '--values', file], { maxBuffer: 2 ** 26 })).stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const render = (values: object): Promise<string> =>
  helm(['template', 'floe', CHART, '--namespace', 'default', '--kube-version', `${KUBERNETES}.0`], values);

function resourcesIn(text: string): readonly Resource[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Resource | null)
    .filter((resource) => resource !== null);
}

/** What keeps a pod from being an attacker's foothold; every container has it. */
function unsafeIn({ spec }: Resource): readonly string[] {
  const pod = spec?.template?.spec;
  if (pod === undefined) return [];
  const wrong: string[] = [];
  if (pod.automountServiceAccountToken !== false) wrong.push('a token is mounted');
  if (pod.securityContext?.['runAsNonRoot'] !== true) wrong.push('it may run as root');
  if ((pod.securityContext?.['seccompProfile'] as { type?: string })?.type !== 'RuntimeDefault')
    wrong.push('no seccomp');
  for (const { name, securityContext: its = {}, resources } of pod.containers) {
    if (its['readOnlyRootFilesystem'] !== true) wrong.push(`${name}: its root can be written to`);
    if (its['allowPrivilegeEscalation'] !== false) wrong.push(`${name}: privileges can grow`);
    if (!(its['capabilities'] as { drop?: string[] })?.drop?.includes('ALL'))
      wrong.push(`${name}: it has capabilities`);
    if (resources?.requests === undefined || resources.limits === undefined)
      wrong.push(`${name}: no resources are stated`);
  }
  return wrong;
}

/** The schemas of kinds that Kubernetes itself does not know. */
async function foreignKinds(): Promise<Readonly<Record<string, new (data: object) => { validate(): void }>>> {
  const modules = pathToFileURL(join(process.env['FLOE_KINDS'] ?? '', 'node_modules/@kubernetes-models')).href;
  const { HTTPRoute, GRPCRoute } = await import(`${modules}/gateway-api/gateway.networking.k8s.io/v1/index.js`);
  const { ServiceMonitor } = await import(`${modules}/prometheus-operator/monitoring.coreos.com/v1/index.js`);
  return { HTTPRoute, GRPCRoute, ServiceMonitor };
}

/** What a program says of a file that it refuses; nothing where it takes it. */
async function refusal(text: string, name: string, program: string, args: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'floe-judged-'));
  try {
    const file = join(folder, name);
    await writeFile(file, text);
    await run(program, [...args, file]);
    return '';
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
    return `${stdout}${stderr}` || message;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Strictly: a field that Kubernetes does not know is an error, and would be lost in silence there. */
function refusedByKubernetes(resources: readonly Resource[]): Promise<string> {
  const text = resources.map((resource) => stringify(resource, { aliasDuplicateObjects: false })).join('---\n');
  const args = ['-m', 'kubernetes_validate', '--strict', '--quiet', '--kubernetes-version', KUBERNETES];
  return refusal(text, 'resources.yaml', process.env['FLOE_PYTHON'] ?? 'python3', args);
}

/** Those of the server and of the worker, by the file that the chart makes for them. */
const READERS: Readonly<Record<string, (raw: Record<string, unknown>) => unknown>> = {
  'floe.yaml': (raw) => resolveConfig({ models: '/models' }, {}, raw),
  'trainers.yaml': (raw) => parseTrainers(raw, 'trainers.yaml'),
};

async function judge(name: string, values: object, kinds: Awaited<ReturnType<typeof foreignKinds>>): Promise<void> {
  const resources = resourcesIn(await render(values));
  for (const resource of resources) {
    const what = `${name}: ${resource.kind} ${resource.metadata.name}`;
    const unsafe = unsafeIn(resource);
    if (resource.spec?.template !== undefined) checks.that(`${what} is safe`, unsafe.length === 0, unsafe.join('; '));
    const Kind = kinds[resource.kind];
    if (Kind !== undefined) checks.that(`${what} is of its kind`, ...valid(() => new Kind(resource).validate()));
    for (const [file, read] of Object.entries(READERS)) {
      const text = resource.data?.[file];
      if (text !== undefined) checks.that(`${what} holds a ${file} that Floe reads`, ...valid(() => read(parse(text))));
    }
    const config = resource.data?.['haproxy.cfg'];
    if (config === undefined) continue;
    const said = await refusal(config, 'haproxy.cfg', 'haproxy', ['-c', '-f']);
    checks.that(`${what} is what HAProxy takes`, said === '', said);
  }
  const own = resources.filter(({ kind }) => kinds[kind] === undefined);
  const said = await refusedByKubernetes(own);
  checks.that(`${name}: ${own.length} resources are what Kubernetes ${KUBERNETES} takes, strictly`, said === '', said);
  const names = resources.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
  checks.that(`${name}: ${names.length} resources of different names`, new Set(names).size === names.length);
}

function valid(validate: () => void): [boolean, string] {
  try {
    validate();
    return [true, ''];
  } catch (error) {
    return [false, (error as Error).message];
  }
}

/** The values schema knows the options of the server as its own schema has them. */
async function options(): Promise<void> {
  const file = join(CHART, 'values.schema.json');
  const schema = JSON.parse(await readFile(file, 'utf8'));
  const said = JSON.parse(await readFile(new URL('../../docs/config.schema.json', import.meta.url), 'utf8')).properties;
  const same = isDeepStrictEqual(schema.properties.config.properties, said);
  if (!process.argv.includes('--write')) checks.that('config has the options of docs/config.schema.json', same);
  if (same || !process.argv.includes('--write')) return;
  schema.properties.config.properties = said;
  await writeFile(file, `${JSON.stringify(schema, null, 2)}\n`);
  await run('biome', ['format', '--write', file]);
}

/** Each value has its place in the README: its section's line names it. */
async function documented(): Promise<void> {
  const lines = (await readFile(join(CHART, 'README.md'), 'utf8')).split('\n');
  const values = parse(await readFile(join(CHART, 'values.yaml'), 'utf8')) as Record<string, unknown>;
  const missing = Object.entries(values).flatMap(([section, value]) => {
    const line = lines.find((one) => one.startsWith(`| \`${section}\` `));
    if (line === undefined) return [section];
    const names = typeof value === 'object' && value !== null ? Object.keys(value) : [];
    return names.filter((name) => !line.includes(`\`${name}\``)).map((name) => `${section}.${name}`);
  });
  checks.that('the README has every value', missing.length === 0, missing.join(', '));
}

/** A change of these rolls no pod: servers follow them. */
async function liveOptions(): Promise<void> {
  const helpers = await readFile(join(CHART, 'templates/_helpers.tpl'), 'utf8');
  const said = /omit \.Values\.config (.*?) \| toYaml/.exec(helpers)?.[1] ?? '';
  checks.that(
    'pods stay for the options that servers follow',
    said === LIVE_OPTIONS.map((one) => `"${one}"`).join(' '),
  );
}

async function manifests(): Promise<void> {
  for (const [name, values] of Object.entries(PLAIN)) await isRendered(`manifests/${name}.yaml`, await render(values));
}

/** HAProxy of the Compose file is told what the chart's is, by the names that there are. */
async function composed(): Promise<void> {
  const configs = resourcesIn(await render(PLAIN['floe'] ?? {})).map(({ data }) => data?.['haproxy.cfg']);
  const config = (configs.find((one) => one !== undefined) ?? '')
    .replace('parse-resolv-conf', 'nameserver docker 127.0.0.11:53')
    .replaceAll(/floe-headless\.default\.svc[a-z.]*/g, 'server');
  await isRendered('compose/haproxy.cfg', config);
  const said = await refusal(config, 'haproxy.cfg', 'haproxy', ['-c', '-f']);
  checks.that('deploy/compose/haproxy.cfg is what HAProxy takes', said === '', said);
}

/** `file` is below deploy. */
async function isRendered(file: string, rendered: string): Promise<void> {
  const path = join(DEPLOY, file);
  const text = `# Rendered from deploy/helm/floe by deploy/helm/check --write: change that, not this.\n${rendered}`;
  if (process.argv.includes('--write')) await writeFile(path, text);
  else checks.that(`deploy/${file} is the chart's own`, (await readFile(path, 'utf8').catch(() => '')) === text);
}

const about = JSON.parse(await readFile(new URL('../../packages/server/package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const chart = await readFile(join(CHART, 'Chart.yaml'), 'utf8');
checks.that('the chart is of the version of the server', chart.includes(`appVersion: "${about.version}"`));
await options();
await documented();
await liveOptions();
const kinds = await foreignKinds();
for (const [name, values] of Object.entries(VALUES)) {
  await helm(['lint', CHART, '--strict'], values).then(
    () => checks.that(`${name}: nothing to complain of`, true),
    (error: { stdout?: string }) => checks.that(`${name}: nothing to complain of`, false, error.stdout),
  );
  await judge(name, values, kinds);
}
for (const { values, says } of BAD) {
  const said = await render(values).then(
    () => 'nothing',
    (error: { stderr?: string }) => error.stderr ?? '',
  );
  checks.that(
    `${JSON.stringify(values)} is refused by name`,
    said.includes(says),
    said.includes(says) ? '' : `it says ${said}`,
  );
}
await composed();
await manifests();
process.stdout.write(`${checks.passed} passed, ${checks.failed} failed\n`);
process.exitCode = checks.failed === 0 ? 0 : 1;
