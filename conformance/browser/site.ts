/**
 * A site as an application has it: a page, the client as it is built, and Floe behind the same origin. Below `/busy` a request is refused the first two
 * times, below `/silent` it is never answered.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';

const CLIENT = fileURLToPath(new URL('../../packages/client/dist/', import.meta.url));
const PAGE = '<!doctype html><meta charset="utf-8"><title>Floe</title>';
const REFUSALS = 2;

export interface Site {
  readonly address: string;
  close(): Promise<void>;
}

/** `floe`: such as `http://127.0.0.1:8501`. */
export async function openSite(floe: string): Promise<Site> {
  const refused = new Map<string, number>();
  const server = createServer((asked, answer) => {
    const url = asked.url ?? '/';
    const [, way = '', path = url] = /^\/(busy|silent)(\/.*)$/.exec(url) ?? [];
    if (way === 'silent') return;
    const times = refused.get(url) ?? 0;
    if (way === 'busy' && times < REFUSALS) {
      refused.set(url, times + 1);
      asked.resume();
      answer.writeHead(503, { 'retry-after': '0' }).end('{"error": "busy"}');
    } else if (path === '/') answer.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
    else if (path.startsWith('/client/')) void file(path.slice('/client/'.length), answer);
    else forward(floe + path, asked, answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return { address: `http://127.0.0.1:${port}`, close: () => closed(server) };
}

async function file(name: string, answer: ServerResponse): Promise<void> {
  const bytes = /^[a-z0-9-]+\.js$/.test(name) ? await readFile(CLIENT + name).catch(() => undefined) : undefined;
  answer.writeHead(bytes === undefined ? 404 : 200, { 'content-type': 'text/javascript' }).end(bytes);
}

function forward(url: string, asked: IncomingMessage, answer: ServerResponse): void {
  const onward = request(url, { method: asked.method, headers: asked.headers }, (reply) => {
    answer.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(answer);
  });
  onward.on('error', () => answer.destroy());
  asked.pipe(onward);
}

async function closed(server: Server): Promise<void> {
  const done = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await done;
}
