/** Opens the store that a person names: a folder, or `s3://bucket/prefix?endpoint=...&region=...&path-style=...&ca=...`. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FloeError, invalid } from '@floe/graph/base';
import { unreadable } from '../unreadable.ts';
import { FolderObjects } from './folder.ts';
import type { ObjectStore } from './object-store.ts';
import type { S3Place } from './s3.ts';

const OPTIONS = ['endpoint', 'region', 'path-style', 'ca'] as const;

export function isRemote(url: string): boolean {
  return url.startsWith('s3://');
}

/** Reads nothing but a file of certificates. Throws INVALID_ARGUMENT naming what of the URL is wrong; NOT_FOUND. */
export async function openObjectStore(
  url: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<ObjectStore> {
  if (url.startsWith('file://')) return new FolderObjects(fileURLToPath(url));
  if (!isRemote(url)) return new FolderObjects(resolve(url));
  const place = await placeOf(url, environment);
  const { S3Objects } = await import('./s3.ts');
  return new S3Objects(place);
}

/** A place below another: `s3://bucket/prefix?...` and `x` are `s3://bucket/prefix/x?...`. */
export function urlBelow(url: string, name: string): string {
  const [place = '', query] = url.split('?');
  return `${place.replace(/\/+$/, '')}/${name}${query === undefined ? '' : `?${query}`}`;
}

/** An endpoint of one's own is asked by path unless it says otherwise: few name a host for each bucket. */
export async function placeOf(
  url: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<S3Place> {
  const { hostname: bucket, pathname, searchParams } = parsed(url);
  for (const name of searchParams.keys()) {
    if (!(OPTIONS as readonly string[]).includes(name))
      throw invalid(`${url}: there is no option ${name}, only ${OPTIONS.join(', ')}`, { field: name });
  }
  if (bucket === '') throw invalid(`${url} names no bucket: s3://bucket/prefix`, { field: 'bucket' });
  const path = decodeURIComponent(pathname).replace(/^\/+|\/+$/g, '');
  const endpoint =
    searchParams.get('endpoint') ?? environment['AWS_ENDPOINT_URL_S3'] ?? environment['AWS_ENDPOINT_URL'];
  const style = searchParams.get('path-style');
  if (style !== null && style !== 'true' && style !== 'false')
    throw invalid(`${url}: path-style is true or false, not ${style}`, { field: 'path-style' });
  const ca = searchParams.get('ca');
  return {
    bucket,
    prefix: path === '' ? '' : `${path}/`,
    region: searchParams.get('region') ?? environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'] ?? 'us-east-1',
    pathStyle: style === null ? endpoint !== undefined : style === 'true',
    ...(endpoint === undefined ? {} : { endpoint: checkedEndpoint(endpoint) }),
    ...(ca === null ? {} : { ca: await readCertificates(ca) }),
  };
}

function parsed(url: string): URL {
  try {
    return new URL(url);
  } catch (cause) {
    throw new FloeError(
      'INVALID_ARGUMENT',
      `${url} is no URL of a bucket: s3://bucket/prefix`,
      { field: 'url' },
      cause,
    );
  }
}

function checkedEndpoint(endpoint: string): string {
  if (/^https?:\/\/[^/]+\/?$/.test(endpoint) && URL.canParse(endpoint)) return endpoint;
  throw invalid(`the endpoint of a bucket is http://host:port or https://host:port, not ${endpoint}`, {
    field: 'endpoint',
  });
}

async function readCertificates(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(unreadable(file));
}
