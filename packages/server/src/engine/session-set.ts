/** The sessions of an engine, from the moment they begin to open: closed all together, and none is opened after that. */
import type { Session } from '../core/engine.ts';
import { closedError } from './validate.ts';

export class SessionSet<S extends Session> {
  private readonly sessions = new Set<Promise<S>>();
  private closing: Promise<void> | undefined;

  /** `load` is given what a session calls once it is closed. Throws FAILED_PRECONDITION after `close`. */
  open(load: (onClosed: () => void) => Promise<S>): Promise<S> {
    if (this.closing !== undefined) return Promise.reject(closedError('the engine'));
    // Kept from the start: whoever closes the engine meanwhile closes this session too.
    const opening: Promise<S> = load(() => this.sessions.delete(opening));
    this.sessions.add(opening);
    opening.catch(() => this.sessions.delete(opening));
    return opening;
  }

  /** Closes every session, then does what is left to do. Idempotent. */
  close(last: () => Promise<void> | void): Promise<void> {
    this.closing ??= this.shutDown(last);
    return this.closing;
  }

  private async shutDown(last: () => Promise<void> | void): Promise<void> {
    await Promise.allSettled([...this.sessions].map(async (opening) => (await opening).close()));
    await last();
  }
}
