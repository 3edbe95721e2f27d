/** Commands that ask a server's admin API. */
import process from 'node:process';
import { ERROR_CODES, type ErrorCode, FloeError } from '@floe/graph/base';

export interface AdminOptions {
  readonly url: string;
  readonly key: string | undefined;
}

export function adminOptions({ url, key }: Record<string, unknown>): AdminOptions {
  return { url: String(url).replace(/\/+$/, ''), key: (key as string | undefined) ?? process.env['FLOE_KEY'] };
}

/** Throws the error that the server says; UNAVAILABLE where there is none. */
export async function askAdmin({ url, key }: AdminOptions, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) };
  const response = await fetch(`${url}${path}`, { ...init, headers }).catch((cause: Error) => {
    const reason = (cause.cause as Error | undefined)?.message || cause.message;
    throw new FloeError('UNAVAILABLE', `no server answers at ${url}: ${reason}`, { field: '--url' }, cause);
  });
  if (response.ok) return response;
  const said = (await response.json().catch(() => ({}))) as { error?: { code?: string; message?: string } };
  const code = ERROR_CODES.find((one) => one === said.error?.code) ?? ('INTERNAL' satisfies ErrorCode);
  throw new FloeError(code, said.error?.message ?? `the server said ${response.status}`);
}

/** The events of a stream of server-sent events, as far as we write them. */
export async function* eventsOf(response: Response): AsyncGenerator<{ readonly kind: string; readonly data: unknown }> {
  const decoder = new TextDecoder();
  let begun = '';
  for await (const chunk of response.body ?? []) {
    const blocks = (begun + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n\n');
    begun = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      );
      yield { kind: fields.get('event') ?? '', data: JSON.parse(fields.get('data') ?? 'null') as unknown };
    }
  }
}
