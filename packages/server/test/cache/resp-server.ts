/** A TCP server in this process that speaks as much of Redis' protocol as the client needs, and can misbehave in the middle of it. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

export type Mode = 'answers' | 'hangs' | 'garbage' | 'closes' | 'errors' | 'half';

export class RespServer {
  mode: Mode = 'answers';
  readonly values = new Map<string, Buffer>();
  private readonly sets = new Map<string, Map<string, number>>();
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  constructor() {
    this.server = createServer((socket) => this.serve(socket));
  }

  /** Gives the port: `port`, or a free one. */
  async listen(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    let pending: Buffer = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      for (let parsed = parseCommand(pending); parsed !== undefined; parsed = parseCommand(pending)) {
        pending = pending.subarray(parsed.length);
        this.reply(socket, parsed.command);
      }
    });
  }

  private reply(socket: Socket, command: readonly Buffer[]): void {
    const isHandshake = /^(HELLO|CLIENT|SELECT)$/i.test(String(command[0]));
    if (this.mode === 'answers' || isHandshake) socket.write(this.answer(command));
    else if (this.mode === 'garbage') socket.write('\0\x01not a protocol\r\n');
    else if (this.mode === 'errors') socket.write('-OOM command not allowed\r\n');
    else if (this.mode === 'half') socket.write('$1000\r\nabc');
    else if (this.mode === 'closes') socket.destroy();
  }

  private answer([name, key, ...rest]: readonly Buffer[]): Buffer | string {
    const at = String(key);
    switch (String(name).toUpperCase()) {
      case 'HELLO':
        return '%1\r\n+proto\r\n:3\r\n';
      case 'GETEX':
        return bulk(this.values.get(at));
      case 'SET':
        this.values.set(at, rest[0] ?? Buffer.alloc(0));
        return '+OK\r\n';
      case 'ZADD':
        this.sets.set(at, raised(this.sets.get(at), rest.slice(1).map(String)));
        return ':1\r\n';
      case 'ZRANGE':
        return members(this.sets.get(at) ?? new Map());
      default:
        return '+PONG\r\n';
    }
  }
}

function parseCommand(bytes: Buffer): { readonly command: readonly Buffer[]; readonly length: number } | undefined {
  let at = 0;
  const number = (): number | undefined => {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const value = Number(bytes.toString('latin1', at + 1, end));
    at = end + 2;
    return value;
  };
  const parts = number();
  if (parts === undefined) return undefined;
  const command: Buffer[] = [];
  for (let i = 0; i < parts; i++) {
    const length = number();
    if (length === undefined || at + length + 2 > bytes.length) return undefined;
    command.push(Buffer.from(bytes.subarray(at, at + length)));
    at += length + 2;
  }
  return { command, length: at };
}

function bulk(value: Buffer | undefined): Buffer | string {
  if (value === undefined) return '_\r\n';
  return Buffer.concat([Buffer.from(`$${value.length}\r\n`), value, Buffer.from('\r\n')]);
}

/** `ZADD key GT score member ...` */
function raised(known: ReadonlyMap<string, number> | undefined, pairs: readonly string[]): Map<string, number> {
  const scores = new Map(known);
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const member = pairs[i + 1] ?? '';
    scores.set(member, Math.max(Number(pairs[i]), scores.get(member) ?? 0));
  }
  return scores;
}

function members(scores: ReadonlyMap<string, number>): string {
  const pairs = [...scores].map(([member, score]) => `*2\r\n$${member.length}\r\n${member}\r\n,${score}\r\n`);
  return `*${pairs.length}\r\n${pairs.join('')}`;
}
