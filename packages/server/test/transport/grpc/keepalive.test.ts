/** Connections whose other end does not answer pings are cut off; a proxy that forgets what it is sent stands for such an end. */
import { type ClientHttp2Session, connect, createServer, type ServerHttp2Session } from 'node:http2';
import { type AddressInfo, connect as connectSocket, createServer as createProxy, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { Keepalive } from '../../../src/transport/grpc/keepalive.ts';

test('who answers stays, and who does not goes', async () => {
  const keepalive = new Keepalive();
  const sessions: ServerHttp2Session[] = [];
  const server = createServer();
  server.on('session', (session) => {
    session.on('error', () => {});
    sessions.push(session);
    keepalive.add(session);
  });
  const port = await listening(server);
  let silent = false;
  const sockets: Socket[] = [];
  const proxy = createProxy((socket) => {
    const inner = connectSocket(port, '127.0.0.1');
    sockets.push(socket, inner);
    for (const end of [socket, inner]) end.on('error', () => {});
    inner.pipe(socket);
    socket.on('data', (chunk) => silent || inner.write(chunk));
  });
  const clients = [await connected(port), await connected(await listening(proxy))];
  const [lively, mute] = sessions as [ServerHttp2Session, ServerHttp2Session];
  silent = true;
  const gone = new Promise((resolve) => mute.on('close', resolve));
  const pinged = new Promise((resolve) => clients[0]?.on('ping', resolve));
  keepalive.look();
  await pinged;
  // Its answer has to be here: a ping of our own comes back behind it.
  await new Promise((resolve) => lively.ping(resolve));
  keepalive.look();
  await gone;
  expect([lively.destroyed, mute.destroyed]).toEqual([false, true]);
  keepalive.close();
  for (const client of clients) client.destroy();
  for (const socket of sockets) socket.destroy();
  proxy.close();
  server.close();
});

function listening(server: { listen(port: number, host: string, done: () => void): unknown; address(): unknown }) {
  return new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function connected(port: number): Promise<ClientHttp2Session> {
  const client = connect(`http://127.0.0.1:${port}`);
  client.on('error', () => {});
  return new Promise((resolve) => client.on('remoteSettings', () => resolve(client)));
}
