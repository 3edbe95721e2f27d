/** One connection that listens on one channel, and is made anew for as long as it takes when it breaks. */
import type { Client } from 'pg';

export interface ListenerOptions {
  readonly heard: (payload: string) => void;
  readonly missed: () => void;
  readonly log: (level: 'info' | 'warn', message: string) => void;
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5000;

export class Listener {
  private readonly makeClient: () => Client;
  private readonly channel: string;
  private readonly options: ListenerOptions;
  private client: Client | undefined;
  private timer: NodeJS.Timeout | undefined;
  private wait = FIRST_WAIT_MS;
  private isStopped = false;

  constructor(makeClient: () => Client, channel: string, options: ListenerOptions) {
    this.makeClient = makeClient;
    this.channel = channel;
    this.options = options;
  }

  /** Rejects where the first connection fails. */
  async start(): Promise<void> {
    const client = this.makeClient();
    this.client = client;
    client.on('error', () => this.lost(client));
    client.on('end', () => this.lost(client));
    client.on('notification', ({ payload = '' }) => this.options.heard(payload));
    await client.connect();
    await client.query(`LISTEN ${client.escapeIdentifier(this.channel)}`);
    this.wait = FIRST_WAIT_MS;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    const { client } = this;
    this.client = undefined;
    await client?.end();
  }

  private lost(client: Client): void {
    if (this.isStopped || client !== this.client) return;
    this.client = undefined;
    this.options.log('warn', 'PostgreSQL: the connection for notifications is lost');
    this.retryLater();
  }

  private retryLater(): void {
    this.timer = setTimeout(() => void this.retry(), this.wait);
    this.wait = Math.min(LONGEST_WAIT_MS, 2 * this.wait);
  }

  private async retry(): Promise<void> {
    try {
      await this.start();
    } catch {
      const { client } = this;
      this.client = undefined;
      client?.end().catch(() => {});
      if (!this.isStopped) this.retryLater();
      return;
    }
    if (this.isStopped) return void this.stop();
    this.options.log('info', 'PostgreSQL: notifications are back');
    this.options.missed();
  }
}
