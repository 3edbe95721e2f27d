/** Ports for servers that have to be told theirs. */
import { createServer } from 'node:net';

/** Free now; nothing else on a measuring machine should take it before the server does. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const listener = createServer().on('error', reject);
    listener.listen(0, '127.0.0.1', () => {
      const { port } = listener.address() as { port: number };
      listener.close(() => resolve(port));
    });
  });
}
