/** One thread for what would hold up the event loop; started when it is needed first, and anew should it ever end. */
import { Worker } from 'node:worker_threads';
import { FloeError } from '@floe/graph/base';
import type { Decoded, Encoded, Question, Reply } from './messages.ts';

type Settle = PromiseWithResolvers<Decoded | Encoded>;

export class CodecThread {
  private worker: Worker | undefined;
  private readonly waiting = new Map<number, Settle>();
  private next = 0;
  private closed = false;

  /** `transfer`: memory that is handed over, and gone here. Throws what the codec throws; CANCELLED once the server closes. */
  ask(question: Question, transfer: ArrayBuffer[]): Promise<Decoded | Encoded> {
    if (this.closed) return Promise.reject(new FloeError('CANCELLED', 'the server is closing'));
    const id = this.next++;
    const settle = Promise.withResolvers<Decoded | Encoded>();
    this.waiting.set(id, settle);
    this.worker ??= this.start();
    this.worker.postMessage({ id, question }, transfer);
    return settle.promise;
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.worker?.terminate();
  }

  private start(): Worker {
    // The worker is this file's neighbour, as source under test and as JavaScript once built.
    const url = new URL(`./thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
    const worker = new Worker(url);
    worker.unref();
    worker.on('message', (reply: Reply) => this.settle(reply));
    worker.on('error', (cause) =>
      this.lose(new FloeError('INTERNAL', `the codec thread failed: ${cause.message}`, [], cause)),
    );
    worker.on('exit', () => this.lose(new FloeError('CANCELLED', 'the codec thread was stopped')));
    return worker;
  }

  private settle(reply: Reply): void {
    const settle = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if ('value' in reply) settle?.resolve(reply.value);
    else settle?.reject(new FloeError(reply.code, reply.message, reply.details));
  }

  private lose(error: FloeError): void {
    this.worker = undefined;
    const lost = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject } of lost) reject(error);
  }
}
