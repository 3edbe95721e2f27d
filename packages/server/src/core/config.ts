/** The server's options: one typed object, parsed once at the edge from flags, `FLOE_*`, `floe.yaml` and defaults, in that order. */
import { FloeError } from '@floe/graph/base';
import { z } from 'zod';

const MEBIBYTE = 1024 * 1024;

/** What to do where an old and a new version together would not fit the memory limit. */
export const SwapPolicy = z.enum(['overlap', 'unload-first', 'refuse']);
export type SwapPolicy = z.infer<typeof SwapPolicy>;

/** Written with commas in flags and variables, as a list in `floe.yaml`. */
const list = z
  .union([z.string(), z.array(z.string().or(z.number()))])
  .default('')
  .transform((value) => (typeof value === 'string' ? value.split(',') : value).map((entry) => String(entry).trim()))
  .transform((entries) => entries.filter((entry) => entry !== ''));

const MILESTONES: readonly number[] = [0.85, 0.9, 0.95, 0.98];

function isAscendingShare(values: readonly number[]): boolean {
  return values.every((value, i) => value >= 0 && value <= 1 && (i === 0 || value > (values[i - 1] ?? 0)));
}

const share = z.coerce.number().min(0).max(1);

const port = z.coerce.number().int().min(0).max(65_535);

/** `auto` goes by the memory limit: `memoryShares`. */
const cacheMb = z
  .union([z.literal('auto'), z.coerce.number().min(0).max(1_048_576)], {
    error: 'auto or a number of MiB up to 1048576 is expected',
  })
  .default('auto');

export const ServeConfig = z.strictObject({
  models: z
    .string()
    .min(1)
    .describe('Folder with <model>/<version>/, or s3://bucket/prefix?endpoint=...&region=...&path-style=...&ca=... .'),
  host: z.string().default('127.0.0.1').describe('Address to listen on; 0.0.0.0 is the default inside a container.'),
  httpPort: port.default(8501).describe('Port of the inference API, health and metrics; 0 picks a free one.'),
  grpcPort: z
    .literal('off')
    .or(port)
    .default(8500)
    .describe('Port of the inference API over gRPC; 0 picks a free one, off opens none.'),
  grpcSocket: z.string().default('').describe('Unix socket of the same, beside the port and without TLS; empty: none.'),
  adminPort: port.default(8502).describe('Port of the admin API; 0 picks a free one.'),
  adminHost: z.string().default('127.0.0.1').describe('Address of the admin API.'),
  pollSeconds: z.coerce.number().min(0.1).max(3600).default(2).describe('Seconds between looks for new versions.'),
  keepVersions: z.coerce.number().int().min(1).max(100).default(1).describe('How many of the newest versions serve.'),
  swap: SwapPolicy.default('unload-first').describe('When old and new versions do not fit the memory limit together.'),
  memoryLimitMb: z.coerce
    .number()
    .min(0)
    .default(0)
    .describe('Memory limit in MiB for swapping, caches, queue and bodies; 0 takes that of the container.'),
  engine: z.enum(['auto', 'onnxruntime', 'worker']).default('auto').describe('How the native library is driven.'),
  policy: z
    .enum(['size-first', 'fifo'])
    .default('size-first')
    .describe('Order of waiting work: small tasks first, or first come first served.'),
  latencyTargetMs: z.coerce
    .number()
    .min(0.1)
    .max(60_000)
    .default(10)
    .describe('Longest that a small request shall wait for work under way, in ms: larger requests run in parts of it.'),
  queueSeconds: z.coerce
    .number()
    .min(0.1)
    .max(3600)
    .default(30)
    .describe('Predicted seconds of unfinished work from which on requests are refused.'),
  batchDelayMs: z.coerce
    .number()
    .min(0)
    .max(1000)
    .default(0)
    .describe('How long a request may wait for others to run with although there is room, in ms.'),
  outputCacheMb: cacheMb.describe(
    'Memory for answers, in MiB; 0 caches none, auto takes 1/32 of the memory limit, at most 64. Only answers of models that are accurate enough are kept.',
  ),
  inputCacheMb: cacheMb.describe(
    'Memory for decoded and resized images, in MiB; 0 keeps none, auto as with outputCacheMb.',
  ),
  cacheOpen: share.default(0.8).describe('Accuracy from which answers are cached, 0..1.'),
  cacheMilestones: list
    .transform((entries) => (entries.length === 0 ? MILESTONES : entries.map(Number)))
    .refine(isAscendingShare, 'ascending numbers between 0 and 1 are expected')
    .describe('Ascending accuracies at which answers end (default: 0.85,0.9,0.95,0.98).'),
  cacheEnd: z
    .enum(['milestone', 'stopAt'])
    .default('milestone')
    .describe('What ends an answer: the next milestone, or nothing until all caching stops at cacheStopAt.'),
  cacheStopAt: share.default(0.98).describe('With cacheEnd stopAt: accuracy from which on nothing is cached.'),
  verifyEvery: z.coerce
    .number()
    .int()
    .min(0)
    .default(200)
    .describe('One in so many cached answers is computed again and compared; 0 compares none.'),
  cacheRedis: z
    .string()
    .default('')
    .describe('URL of a Redis in which replicas share answers, redis://... or rediss://...; empty: none.'),
  cacheNamespace: z
    .string()
    .min(1)
    .default('floe')
    .describe('Keeps deployments apart that share a Redis: begins all their keys.'),
  verifyBound: share.default(0.2).describe('Share of differing answers above which nothing is cached any more.'),
  slots: z.coerce
    .number()
    .int()
    .min(0)
    .max(1024)
    .default(0)
    .describe('Native runs under way at a time; 0 fits the CPUs.'),
  threads: z.coerce.number().int().min(0).max(1024).default(0).describe('Threads within one run; 0 fits the CPUs.'),
  bodyLimitMb: z.coerce.number().min(0.001).max(2048).default(64).describe('Largest request body in MiB.'),
  corsOrigins: list.describe(
    'Origins of web pages that may ask over HTTP, such as https://app.example.com, or * for all. Empty: none.',
  ),
  maxPixels: z.coerce.number().int().min(1).default(50_000_000).describe('Largest image that is decoded, in pixels.'),
  fetchHosts: list.describe(
    'Hosts that images may be fetched from: name, *.name or *, with an optional :port; http://name without TLS. Empty: none.',
  ),
  fetchNetworks: list.describe('Private networks that these hosts may lie in, such as 10.0.0.0/8.'),
  fetchMaxMb: z.coerce.number().min(0.001).max(1024).default(16).describe('Largest image that is fetched, in MiB.'),
  fetchSeconds: z.coerce.number().min(0.1).max(300).default(10).describe('Seconds that fetching an image may take.'),
  fetchCacheMb: cacheMb.describe(
    'Memory for fetched images that HTTP allows to keep, in MiB; 0 keeps none, auto as with outputCacheMb.',
  ),
  cacheDir: z
    .string()
    .default('')
    .describe('Folder for what is brought, frozen and compiled at load; empty takes the user cache.'),
  modelCacheMb: z.coerce
    .number()
    .min(1)
    .default(20_480)
    .describe('Most that versions brought from s3:// take of the disk, in MiB, beside those that serve.'),
  keys: z.string().default('').describe('File of API keys; empty leaves inference open and managing to loopback.'),
  tlsCert: z.string().default('').describe('PEM certificate chain; re-read when it changes.'),
  tlsKey: z.string().default('').describe('PEM private key; re-read when it changes.'),
  tlsClientCa: z
    .string()
    .default('')
    .describe(
      'PEM authorities: on every port, clients have to show a certificate that one of them signed; empty: none.',
    ),
  sql: z
    .string()
    .default('')
    .describe(
      'Database of feedback: postgres://... or, outside containers, a folder for an embedded one; empty: none.',
    ),
  feedbackDir: z
    .string()
    .default('')
    .describe(
      'Folder or s3://bucket/prefix for inputs that are kept as feedback; empty: beside the models in their bucket, else a part of the cache folder.',
    ),
  feedbackSampling: share.default(1).describe('Share of the requests that are kept as feedback, 0..1.'),
  feedbackRedact: list.describe('Inputs that are never kept, by name, separated by commas.'),
  feedbackDays: z.coerce.number().int().min(1).max(3650).default(30).describe('Days that feedback is kept.'),
  feedbackMb: z.coerce.number().min(1).default(10_240).describe('Most that is kept of inputs, in MiB.'),
  labelsPerMinute: z.coerce
    .number()
    .int()
    .min(1)
    .default(600)
    .describe('Requests that a caller may label within a minute.'),
  labelShare: share.default(0.5).describe('Most that the labels of one caller count, as a share of all.'),
  allInOne: z
    .stringbool()
    .or(z.boolean())
    .default(false)
    .describe('Whether this server trains as well, in processes of lowest priority; else workers do (floe worker).'),
  trainers: z
    .string()
    .default('')
    .describe('File of programs that train, for a worker; empty: the built-in trainer alone.'),
  drainDelaySeconds: z.coerce
    .number()
    .min(0)
    .max(3600)
    .default(0)
    .describe('Seconds after SIGTERM in which it is not ready and answers all the same, until balancers have noticed.'),
  drainSeconds: z.coerce
    .number()
    .min(0)
    .max(3600)
    .default(30)
    .describe('Seconds that requests under way have after that.'),
  accessLog: z.stringbool().or(z.boolean()).default(true).describe('One log line for each request.'),
  logLevel: z
    .enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'])
    .default('info')
    .describe('Least level logged.'),
});
export type ServeConfig = z.infer<typeof ServeConfig>;

/** Options of `floe.yaml` that a running server takes over when the file changes. */
export const LIVE_OPTIONS = [
  'policy',
  'latencyTargetMs',
  'queueSeconds',
  'batchDelayMs',
  'cacheOpen',
  'cacheMilestones',
  'cacheEnd',
  'cacheStopAt',
  'verifyEvery',
  'verifyBound',
  'logLevel',
] as const satisfies readonly (keyof ServeConfig)[];

/** `httpPort` -> `FLOE_HTTP_PORT`. */
export function environmentName(option: string): string {
  return `FLOE_${option.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** Puts the layers together; an option's first source wins. Throws INVALID_ARGUMENT naming each wrong option and where it came from. */
export function resolveConfig(
  flags: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>>,
  file: Readonly<Record<string, unknown>>,
): ServeConfig {
  const values: Record<string, unknown> = { ...file };
  const origin = new Map<string, string>(Object.keys(file).map((option) => [option, `floe.yaml: ${option}`]));
  for (const option of Object.keys(ServeConfig.shape)) {
    const variable = environmentName(option);
    const flag = flags[option];
    if (flag !== undefined) origin.set(option, `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
    else if (environment[variable] !== undefined) origin.set(option, variable);
    values[option] = flag ?? environment[variable] ?? file[option];
    if (values[option] === undefined) delete values[option];
  }
  const parsed = ServeConfig.safeParse(values);
  if (!parsed.success) throw configError(parsed.error, origin);
  return parsed.data;
}

export function bodyLimitBytes(config: Pick<ServeConfig, 'bodyLimitMb'>): number {
  return mebibytes(config.bodyLimitMb);
}

/** Whole bytes. */
export function mebibytes(count: number): number {
  return Math.floor(count * MEBIBYTE);
}

function configError(error: z.ZodError, origin: ReadonlyMap<string, string>): FloeError {
  const details = error.issues.map((issue) => {
    const option = String(issue.path[0] ?? '');
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys.join(', ') : '';
    return { field: origin.get(option) ?? (unknown || option), reason: issue.message };
  });
  const message = details.map((detail) => `${detail.field}: ${detail.reason}`).join('; ');
  return new FloeError('INVALID_ARGUMENT', `configuration: ${message}`, details);
}
