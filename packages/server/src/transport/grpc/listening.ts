/** How a server comes to listen at an address or a Unix socket, and ceases to. */
import { unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { asFloeError, FloeError } from '@floe/graph/base';

/** Throws UNAVAILABLE where the address is taken. */
export function listenAt(server: Server, host: string, port: number): Promise<void> {
  return listen(server, { host, port }, `${host}:${port}`);
}

/** The same for a socket in the file system. One that a server left behind when it was killed is taken over. */
export async function listenOn(server: Server, path: string): Promise<void> {
  if (!(await isAnswered(path))) await unlink(path).catch(() => {});
  await listen(server, { path }, path);
}

/** Resolves when nothing is listened for any more. */
export function ceaseToListen(server: Server): Promise<void> {
  // The error that it may give is that it never did.
  return new Promise((resolve) => server.close(() => resolve()));
}

function listen(
  server: Server,
  where: { host: string; port: number } | { path: string },
  shown: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error): void =>
      reject(new FloeError('UNAVAILABLE', `cannot listen on ${shown}: ${asFloeError(cause).message}`, [], cause));
    server.once('error', fail);
    server.listen(where, () => {
      server.off('error', fail);
      resolve();
    });
  });
}

/** False where there is a socket that nobody listens on, or none. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'));
  });
}
