/** What `floe bench` is asked for, parsed once. */
import { extname } from 'node:path';
import { invalid } from '@floe/graph/base';
import { z } from 'zod';
import type { Shapes } from './inputs.ts';
import { parseMix, type RequestClass } from './mix.ts';

const DEFAULT_SECONDS = 10;
const DEFAULT_CONCURRENCY = 8;
/** Ways to show a plot, by the end of the file's name. */
const PLOTS: ReadonlySet<string> = new Set(['.svg', '.html']);

const Raw = z.object({
  model: z.string(),
  protocol: z.enum(['v2', 'tfs']),
  binary: z.boolean().optional(),
  rate: z.number().optional(),
  concurrency: z.number().optional(),
  duration: z.number().optional(),
  requests: z.number().optional(),
  seed: z.number(),
  batch: z.number().optional(),
  mix: z.string().optional(),
  shape: z.array(z.string()).optional(),
  body: z.string().optional(),
  key: z.string().optional(),
  pid: z.number().optional(),
  plot: z.string().optional(),
  json: z.boolean().optional(),
});

export interface BenchOptions {
  readonly url: URL;
  readonly model: string;
  /** With tensors as bytes: `v2-binary`. */
  readonly protocol: 'v2' | 'v2-binary' | 'tfs';
  readonly load: { readonly rate: number; readonly seed: number } | { readonly concurrency: number };
  readonly limits: { readonly requests: number; readonly seconds: number };
  readonly seed: number;
  readonly classes: readonly RequestClass[];
  readonly shapes: Shapes;
  readonly body?: string | undefined;
  readonly key?: string | undefined;
  readonly pid?: number | undefined;
  readonly plot?: string | undefined;
  readonly json: boolean;
}

/** Throws INVALID_ARGUMENT naming the option. */
export function benchOptions(url: string, given: Readonly<Record<string, unknown>>): BenchOptions {
  const raw = Raw.parse(given);
  const { model, protocol, rate, seed, body, key, pid, plot } = raw;
  if (plot !== undefined && !PLOTS.has(extname(plot)))
    throw invalid(`--plot ${plot}: the name of an .svg or .html file is needed`, { field: '--plot' });
  if (raw.binary === true && protocol !== 'v2') throw invalid('--binary is for --protocol v2', { field: '--binary' });
  return {
    url: serverUrl(url),
    model,
    protocol: raw.binary === true ? 'v2-binary' : protocol,
    load: rate === undefined ? { concurrency: raw.concurrency ?? DEFAULT_CONCURRENCY } : { rate, seed },
    limits: {
      requests: raw.requests ?? Number.POSITIVE_INFINITY,
      seconds: raw.duration ?? (raw.requests === undefined ? DEFAULT_SECONDS : Number.POSITIVE_INFINITY),
    },
    seed,
    classes: raw.mix === undefined ? [{ name: 'all', rows: raw.batch ?? 1, share: 1 }] : parseMix(raw.mix),
    shapes: new Map(raw.shape?.map(parseShape)),
    body,
    key,
    pid,
    plot,
    json: raw.json ?? false,
  };
}

function serverUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw invalid(`${text} is no URL of a server, such as http://127.0.0.1:8501`, { field: 'url' });
  return url;
}

/** `ids:1,128`; names may have colons themselves. */
function parseShape(text: string): [string, readonly number[]] {
  const [, name, dims] = /^(.+):(\d+(?:,\d+)*)$/.exec(text) ?? [];
  if (name === undefined || dims === undefined)
    throw invalid(`--shape ${text}: a shape is written name:1,224,224,3`, { field: '--shape' });
  return [name, dims.split(',').map(Number)];
}
