/** gRPC over TLS and mutual TLS, with certificates that are renewed, and over a Unix socket. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type ClientHttp2Session, connect } from 'node:http2';
import { connect as connectSocket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, INFERENCE, startGrpc } from './fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'floe-grpc-'));
const file = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

function certificate(name: string): void {
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  const to = ['-subj', `/CN=${name}`, '-keyout', file(`${name}.key`), '-out', file(`${name}.crt`)];
  execFileSync('openssl', [...args, ...to], { stdio: 'ignore' });
}

function install(name: string): void {
  copyFileSync(file(`${name}.crt`), file('tls.crt'));
  copyFileSync(file(`${name}.key`), file('tls.key'));
}

beforeAll(() => {
  for (const name of ['first', 'second', 'client']) certificate(name);
});

const own = { cert: file('tls.crt'), key: file('tls.key') };
const live = async (client: ClientHttp2Session): Promise<number> =>
  (await call(client, `${INFERENCE}/ServerLive`, new Uint8Array(0))).status;

function servedName(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

describe('TLS', () => {
  it('is spoken, with whatever certificate is there now', async () => {
    install('first');
    await using server = await startGrpc({ tls: own });
    expect(await live(server.client)).toBe(0);
    expect(await servedName(server.server.port)).toBe('first');
    install('second');
    expect([server.server.reload(), await servedName(server.server.port)]).toEqual([true, 'second']);
  });

  it('asks clients for a certificate where there is an authority', async () => {
    install('first');
    await using server = await startGrpc({ tls: { ...own, clientCa: file('client.crt') } });
    const shown = { cert: readFileSync(file('client.crt')), key: readFileSync(file('client.key')) };
    const client = connect(`https://127.0.0.1:${server.server.port}`, { rejectUnauthorized: false, ...shown });
    expect(await live(client)).toBe(0);
    client.destroy();
    const without = connect(`https://127.0.0.1:${server.server.port}`, { rejectUnauthorized: false });
    without.on('error', () => {});
    await expect(live(without)).rejects.toThrow();
  });

  it('does not start without its files', async () => {
    await expect(startGrpc({ tls: { cert: file('none'), key: file('none') } })).rejects.toThrow('TLS: ENOENT');
  });
});

describe('a Unix socket', () => {
  const path = file('grpc.sock');
  const overSocket = (): ClientHttp2Session =>
    connect('http://localhost', { createConnection: () => connectSocket(path) });

  it('answers, and counts as this machine', async () => {
    const asked: unknown[] = [];
    const identity = {
      authorize: (credentials: unknown) => {
        asked.push(credentials);
        return { name: 'me', weight: 1 };
      },
    };
    await using _ = await startGrpc({ socket: path }, { identity });
    const client = overSocket();
    expect((await call(client, `${INFERENCE}/ServerMetadata`, new Uint8Array(0))).status).toBe(0);
    expect(asked).toEqual([{ authorization: undefined, remoteAddress: '127.0.0.1' }]);
    client.destroy();
  });

  it('that a server left behind is taken over; one that answers is not', async () => {
    execFileSync('python3', ['-c', `import socket; socket.socket(socket.AF_UNIX).bind(${JSON.stringify(path)})`]);
    expect(existsSync(path)).toBe(true);
    await using server = await startGrpc({ socket: path });
    const client = overSocket();
    expect(await live(client)).toBe(0);
    client.destroy();
    await expect(startGrpc({ socket: path })).rejects.toThrow(`cannot listen on ${path}`);
    expect(await live(server.client)).toBe(0);
  });
});

it('an address that is taken does not start a server', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as { port: number };
  await expect(startGrpc({ port })).rejects.toThrow(`cannot listen on 127.0.0.1:${port}`);
  other.close();
});
