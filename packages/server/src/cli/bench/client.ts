/** Kept-alive HTTP connections to one server. What goes wrong with a request is its outcome; only asking about the model throws. */
import { FloeError } from '@floe/graph/base';
import { Pool } from 'undici';
import type { Payload } from './endpoint.ts';

/** `200`, another status, or the code of what failed, such as `ECONNRESET`. */
export type Outcome = string;

const ANSWER_MS = 60_000;
const SHOWN = 300;
/** Servers differ in what they say to a name that they do not know: Triton says 400. */
const UNKNOWN_MODEL: ReadonlySet<number> = new Set([400, 404]);
const DENIED: ReadonlySet<number> = new Set([401, 403]);

export class Client {
  private readonly url: URL;
  private readonly pool: Pool;
  private readonly headers: Readonly<Record<string, string>>;

  constructor(url: URL, key: string | undefined, connections: number) {
    this.url = url;
    this.pool = new Pool(url.origin, { connections, headersTimeout: ANSWER_MS, bodyTimeout: ANSWER_MS });
    this.headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  }

  /** What a server says about a model. Throws UNAVAILABLE, NOT_FOUND, PERMISSION_DENIED, FAILED_PRECONDITION. */
  async about(path: string, model: string): Promise<unknown> {
    const at = new URL(this.url);
    at.pathname = this.path(path);
    const reply = await this.pool
      .request({ path: at.pathname, method: 'GET', headers: this.headers })
      .catch((cause) => {
        throw new FloeError('UNAVAILABLE', `no server answers at ${this.url.origin}: ${codeOf(cause)}`, [], cause);
      });
    const text = await reply.body.text();
    if (reply.statusCode !== 200) throw refusal(reply.statusCode, text, `model ${model} at ${at}`);
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new FloeError('FAILED_PRECONDITION', `${at} answers with no JSON: ${text.slice(0, SHOWN)}`, [], cause);
    }
  }

  /** Resolves when the answer is whole. */
  async post(path: string, { body, headers }: Payload): Promise<Outcome> {
    try {
      const reply = await this.pool.request({
        path: this.path(path),
        method: 'POST',
        headers: { ...this.headers, ...headers },
        body,
      });
      for await (const _chunk of reply.body);
      return String(reply.statusCode);
    } catch (error) {
      return codeOf(error);
    }
  }

  /** Gives up what is under way. */
  async close(): Promise<void> {
    await this.pool.destroy();
  }

  /** Servers may live under a prefix. */
  private path(path: string): string {
    return this.url.pathname.replace(/\/$/, '') + path;
  }
}

function refusal(status: number, text: string, what: string): FloeError {
  const message = `${what}: ${status} ${text.trim().slice(0, SHOWN)}`;
  if (UNKNOWN_MODEL.has(status)) return new FloeError('NOT_FOUND', message);
  if (DENIED.has(status)) return new FloeError('PERMISSION_DENIED', message);
  return new FloeError(status >= 500 ? 'UNAVAILABLE' : 'FAILED_PRECONDITION', message);
}

function codeOf(thrown: unknown): string {
  const { code, name } = thrown as NodeJS.ErrnoException;
  return code ?? name;
}
