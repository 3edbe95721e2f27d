/** Finds connections whose other end is gone: whoever does not answer a ping until the next one is cut off. */
import type { Http2Session } from 'node:http2';

/** Longer than the minute for which load balancers keep idle connections. */
const INTERVAL_MS = 120_000;

export class Keepalive {
  private readonly unanswered = new Map<Http2Session, boolean>();
  private readonly timer: NodeJS.Timeout;

  constructor() {
    this.timer = setInterval(() => this.look(), INTERVAL_MS);
    this.timer.unref();
  }

  add(session: Http2Session): void {
    this.unanswered.set(session, false);
    session.on('close', () => this.unanswered.delete(session));
  }

  /** Cuts off who has not answered, and asks all others. */
  look(): void {
    for (const [session, waits] of this.unanswered) {
      if (waits) session.destroy();
      else this.ask(session);
    }
  }

  close(): void {
    clearInterval(this.timer);
  }

  private ask(session: Http2Session): void {
    if (session.closed || session.destroyed) return;
    this.unanswered.set(session, true);
    session.ping((error) => {
      if (error === null && this.unanswered.has(session)) this.unanswered.set(session, false);
    });
  }
}
