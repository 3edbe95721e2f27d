/**
 * Share of requests that the output cache's store (S3-FIFO) and an LRU of the same bytes answer, on made traces with fixed seeds and
 * on recorded ones: `node bench/cache-trace.ts [FILE...]`. A file has a request on each line: a key, or a key and its bytes
 * with a comma between.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import process from 'node:process';
import { ByteCache, ENTRY_OVERHEAD } from '../packages/server/src/cache/byte-cache.ts';
import { random, zipf } from './lib/random.ts';

interface Request {
  readonly key: string;
  readonly bytes: number;
}

/** Cache sizes, as shares of the bytes of all that is asked for. */
const SIZES = [0.001, 0.01, 0.05, 0.2];
const REQUESTS = 500_000;
const KEYS = 100_000;
const SCAN_EVERY = 50_000;
const SCAN_LENGTH = 10_000;
const LINE_BYTES = 1024;

/** The plainest LRU: a map in order of last use. */
class Lru {
  private readonly limit: number;
  private readonly entries = new Map<string, number>();
  private bytes = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get(key: string): boolean {
    const bytes = this.entries.get(key);
    if (bytes === undefined) return false;
    this.entries.delete(key);
    this.entries.set(key, bytes);
    return true;
  }

  set(key: string, value: number): void {
    const bytes = value + ENTRY_OVERHEAD;
    if (bytes > this.limit) return;
    this.entries.set(key, bytes);
    this.bytes += bytes;
    for (const [oldest, size] of this.entries) {
      if (this.bytes <= this.limit) break;
      this.entries.delete(oldest);
      this.bytes -= size;
    }
  }
}

/** Answers of 100 bytes to 10 KB, the same for the same key. */
function bytesOf(key: number): number {
  return Math.round(100 * 100 ** ((Math.imul(key, 2654435761) >>> 0) / 2 ** 32));
}

function* made(skew: number, scans: boolean): Generator<Request> {
  const draw = zipf(KEYS, skew, random(1));
  let once = KEYS;
  for (let i = 0; i < REQUESTS; i++) {
    const key = draw();
    yield { key: `k${key}`, bytes: bytesOf(key) };
    if (!scans || i % SCAN_EVERY !== SCAN_EVERY - 1) continue;
    for (let j = 0; j < SCAN_LENGTH; j++, once++) yield { key: `k${once}`, bytes: bytesOf(once) };
  }
}

function recorded(file: string): readonly Request[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [key = '', bytes = String(LINE_BYTES)] = line.split(',');
      return { key, bytes: Number(bytes) };
    });
}

function measure(name: string, requests: readonly Request[]): void {
  const distinct = new Map(requests.map(({ key, bytes }) => [key, bytes + ENTRY_OVERHEAD]));
  const total = [...distinct.values()].reduce((sum, bytes) => sum + bytes, 0);
  for (const size of SIZES) {
    const limit = Math.round(total * size);
    const lru = new Lru(limit);
    const fifo = new ByteCache<object>(limit);
    let [byLru, byFifo] = [0, 0];
    const value = {};
    for (const { key, bytes } of requests) {
      if (lru.get(key)) byLru++;
      else lru.set(key, bytes);
      if (fifo.get(key) !== undefined) byFifo++;
      else fifo.set(key, value, bytes);
    }
    const share = (hits: number): string => `${((100 * hits) / requests.length).toFixed(1)} %`.padStart(8);
    console.log(`| ${name.padEnd(34)} | ${`${100 * size} %`.padStart(6)} | ${share(byLru)} | ${share(byFifo)} |`);
  }
}

console.log(`| ${'trace'.padEnd(34)} | bytes  |      LRU |  S3-FIFO |`);
console.log(`| ${'-'.repeat(34)} | -----: | -------: | -------: |`);
measure('Zipf 0.8', [...made(0.8, false)]);
measure('Zipf 1.0', [...made(1, false)]);
measure('Zipf 1.0, scans', [...made(1, true)]);
for (const file of process.argv.slice(2)) measure(basename(file), recorded(file));
