/**
 * The only door to sharp. It loads on first use: 30 ms that a server without images never pays.
 *
 * Each image is decoded on one thread of libuv's pool, and who calls bounds how many at a time; sharp's own cache would keep pixels
 * outside every limit, and keys them by file name, which nothing here has.
 */
import type { Sharp, SharpOptions } from 'sharp';

export type Open = (image: Uint8Array, options: SharpOptions) => Sharp;

let loaded: Promise<Open> | undefined;

export function openSharp(): Promise<Open> {
  loaded ??= import('sharp').then(({ default: sharp }) => {
    sharp.concurrency(1);
    sharp.cache(false);
    return sharp;
  });
  return loaded;
}
