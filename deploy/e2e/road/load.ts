/**
 * Users who do not wait for each other: each kind of request comes at its own rate, whatever became of those before (open loop). Every answer
 * is kept as far as it has to be judged: when it was asked, how long it took, by which version it says it was computed, and what it says.
 */
import { Agent } from 'node:http';
import type { Examples } from '../../../packages/server/src/train/examples.ts';
import { type Answer, ask, classIn, digitQuestion, GrpcClient, photoQuestion, type Question } from './requests.ts';

/** Requests a second. */
export interface Rates {
  readonly digits: number;
  readonly grpc: number;
  readonly photos: number;
}

export interface Failure {
  readonly at: number;
  readonly kind: keyof Rates;
  readonly why: string;
}

/** What a version is said to have answered about a digit. */
export interface Claim {
  readonly row: number;
  readonly version: number;
  readonly klass: number;
}

export interface Addresses {
  readonly http: string;
  readonly grpc: string;
}

const TIMEOUT_MS = 20_000;
const TICK_MS = 4;
/** Digits that everybody asks about. */
const POPULAR = 40;

export class Load {
  rates: Rates = { digits: 0, grpc: 0, photos: 0 };
  /** Digits that users have come across so far, one after the other; each gets corrected. */
  known = 0;
  answered = 0;
  corrected = 0;
  hits = 0;
  ended = 0;
  firstCachedBy: number | undefined;
  readonly failures: Failure[] = [];
  readonly claims: Claim[] = [];
  private readonly times: { readonly at: number; readonly kind: keyof Rates; readonly ms: number }[] = [];
  private readonly addresses: Addresses;
  private readonly digits: Examples;
  private readonly pixels: Float32Array;
  private readonly photo: Question;
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 64 });
  private readonly client: GrpcClient;
  private readonly due = { digits: 0, grpc: 0, photos: 0 };
  private readonly underWay = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private last = 0;
  private next = 0;
  private turn = 0;

  constructor(addresses: Addresses, digits: Examples, jpeg: Buffer, photosAtOnce = 1) {
    this.addresses = addresses;
    this.digits = digits;
    this.pixels = digits.inputs.get('x')?.data as Float32Array;
    this.photo = photoQuestion(jpeg, photosAtOnce);
    this.client = new GrpcClient(addresses.grpc);
  }

  start(rates: Rates): this {
    this.rates = rates;
    this.last = performance.now();
    this.timer = setInterval(() => this.tick(), TICK_MS);
    return this;
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.underWay);
    this.agent.destroy();
    this.client.close();
  }

  /** Milliseconds below which so many of the requests of a kind stayed that were asked since `from`. */
  quantile(kind: keyof Rates, q: number, from: number, to = Number.POSITIVE_INFINITY): number {
    const times = this.times.filter((one) => one.kind === kind && one.at >= from && one.at < to).map(({ ms }) => ms);
    times.sort((a, b) => a - b);
    return times[Math.min(times.length - 1, Math.floor(q * times.length))] ?? Number.NaN;
  }

  failedSince(from: number): readonly Failure[] {
    return this.failures.filter(({ at }) => at >= from);
  }

  private tick(): void {
    const now = performance.now();
    const seconds = (now - this.last) / 1000;
    this.last = now;
    for (const kind of ['digits', 'grpc', 'photos'] as const) {
      this.due[kind] += this.rates[kind] * seconds;
      for (; this.due[kind] >= 1; this.due[kind]--) this.send(kind);
    }
  }

  private send(kind: keyof Rates): void {
    const at = performance.now();
    const sent = this.ask(kind)
      .then(() => void this.times.push({ at, kind, ms: performance.now() - at }))
      .catch((error: Error) => void this.failures.push({ at, kind, why: error.message }))
      .finally(() => this.underWay.delete(sent));
    this.underWay.add(sent);
  }

  private async ask(kind: keyof Rates): Promise<void> {
    if (kind === 'photos') {
      this.judge(await ask(this.addresses.http, this.agent, this.photo, TIMEOUT_MS));
      return;
    }
    const turn = this.turn++;
    // Over HTTP, two of three are new to those who ask, as long as there are any, and get corrected.
    const isNew = kind === 'digits' && turn % 3 !== 0 && this.next < Math.min(this.known, this.digits.labels.length);
    const row = isNew ? this.next++ : turn % POPULAR;
    const pixels = this.pixels.subarray(row * 784, (row + 1) * 784);
    const answer =
      kind === 'grpc'
        ? await this.client.digit(pixels, TIMEOUT_MS)
        : await ask(this.addresses.http, this.agent, digitQuestion(pixels), TIMEOUT_MS);
    this.judge(answer);
    const version = Number(answer.headers['x-model-version']);
    this.claims.push({ row, version, klass: classIn(answer) });
    if (isNew) await this.correct(String(answer.headers['x-request-id']), this.digits.labels[row] as number);
  }

  private judge({ status, body, headers }: Answer): void {
    if (status !== 200) throw new Error(`status ${status}: ${body.toString('utf8', 0, 200)}`);
    this.answered++;
    const note = String(headers['x-cache'] ?? '');
    if (note.includes('ended')) this.ended++;
    if (!note.startsWith('hit')) return;
    this.hits++;
    this.firstCachedBy ??= Number(headers['x-model-version']);
  }

  private async correct(requestId: string, label: number): Promise<void> {
    const question = {
      path: '/v1/models/digits/feedback',
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify({ requestId, label })),
    };
    const answer = await ask(this.addresses.http, this.agent, question, TIMEOUT_MS);
    // Where the database is away there is no feedback; the answer itself was given.
    if (answer.status === 200) this.corrected++;
  }
}
