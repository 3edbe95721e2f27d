/** Stands before an S3 server and does to answers what networks and servers do: see `Fault`. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';

/** `times` that a fault happens yet; then all is well. */
export type Fault =
  | { readonly kind: 'none' }
  | { readonly kind: 'status'; readonly status: number; times: number }
  /** Half of the body, then the connection ends. */
  | { readonly kind: 'break-off'; times: number }
  /** A byte of the body is another one. */
  | { readonly kind: 'lie'; times: number }
  /** Never an answer. */
  | { readonly kind: 'silence'; times: number };

export class FaultProxy {
  private readonly server: Server;
  fault: Fault = { kind: 'none' };
  /** Requests that came. */
  requests: string[] = [];

  private constructor(target: number) {
    this.server = createServer((incoming, outgoing) => this.pass(incoming, outgoing, target));
  }

  static async start(target: number): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as { port: number }).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private pass(incoming: IncomingMessage, outgoing: ServerResponse, port: number): void {
    this.requests.push(`${incoming.method} ${incoming.url}`);
    const fault = this.next();
    if (fault.kind === 'silence') return void incoming.resume();
    if (fault.kind === 'status') {
      incoming.resume();
      outgoing.writeHead(fault.status, { 'content-type': 'application/xml' });
      return void outgoing.end(`<Error><Code>SlowDown</Code><Message>later</Message></Error>`);
    }
    // The signature is of the host that was asked.
    const { method, url, headers } = incoming;
    // A client that takes this for its proxy says the whole URL.
    const path = url?.replace(/^http:\/\/[^/]+/, '');
    const onward = request({ port, host: '127.0.0.1', ...(method && { method }), ...(path && { path }), headers });
    incoming.pipe(onward);
    onward.on('error', () => outgoing.destroy());
    onward.on('response', (answer) => void this.answer(answer, outgoing, fault));
  }

  private next(): Fault {
    const { fault } = this;
    if (fault.kind === 'none' || fault.times-- <= 0) return { kind: 'none' };
    return fault;
  }

  private async answer(answer: IncomingMessage, outgoing: ServerResponse, fault: Fault): Promise<void> {
    const body = Buffer.concat(await answer.toArray());
    outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    if (fault.kind === 'break-off') {
      outgoing.write(body.subarray(0, body.length >> 1), () => outgoing.destroy());
      return;
    }
    if (fault.kind === 'lie' && body.length > 0) body[body.length >> 1] = (body[body.length >> 1] ?? 0) ^ 1;
    outgoing.end(body);
  }
}
