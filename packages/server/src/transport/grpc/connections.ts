/** The connections that are open, until they are over. */
import type { Http2Session, ServerHttp2Session } from 'node:http2';
import { Keepalive } from './keepalive.ts';

/** Bodies of 600 KB come without a pause for the other side to be told that there is room. */
const WINDOW = 16 * 1024 * 1024;

export class Connections {
  private readonly open = new Set<Http2Session>();
  private readonly keepalive = new Keepalive();
  private draining = false;

  readonly add = (session: ServerHttp2Session): void => {
    session.setLocalWindowSize(WINDOW);
    session.on('error', () => {});
    session.on('close', () => this.open.delete(session));
    this.open.add(session);
    this.keepalive.add(session);
    if (this.draining) session.close();
  };

  /** Tells clients to call elsewhere, and waits for what is under way. */
  async close(): Promise<void> {
    this.draining = true;
    this.keepalive.close();
    await Promise.all([...this.open].map(over));
  }
}

/** Resolves when the session is over; it ends once nothing is under way on it. */
function over(session: Http2Session): Promise<void> {
  if (session.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    session.on('close', () => resolve());
    session.close();
  });
}
