/** A site as an application has it: a page, and the client as it is built. Floe is of another origin. Below `/silent` nothing is ever answered. */
import { readFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';

const CLIENT = fileURLToPath(new URL('../../packages/client/dist/', import.meta.url));
const PAGE = '<!doctype html><meta charset="utf-8"><title>Floe</title>';

export interface Site {
  /** Its origin. */
  readonly address: string;
  close(): Promise<void>;
}

export async function openSite(): Promise<Site> {
  const server = createServer(({ url = '/' }, answer) => {
    if (url.startsWith('/silent/')) return;
    if (url.startsWith('/client/')) void file(url.slice('/client/'.length), answer);
    else answer.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return { address: `http://127.0.0.1:${port}`, close: () => closed(server) };
}

async function file(name: string, answer: ServerResponse): Promise<void> {
  const bytes = /^[a-z0-9-]+\.js$/.test(name) ? await readFile(CLIENT + name).catch(() => undefined) : undefined;
  answer.writeHead(bytes === undefined ? 404 : 200, { 'content-type': 'text/javascript' }).end(bytes);
}

async function closed(server: Server): Promise<void> {
  const done = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await done;
}
