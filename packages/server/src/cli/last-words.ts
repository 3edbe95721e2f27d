/**
 * Why a container ended, where Kubernetes looks for it: `kubectl describe pod` shows it. The file is there in its containers alone, and is
 * never made.
 */
import { closeSync, openSync, writeSync } from 'node:fs';

const TERMINATION_LOG = '/dev/termination-log';
/** Kubernetes reads no more. */
const MOST_BYTES = 4096;

/** One line; never throws. */
export function lastWords(message: string, file = TERMINATION_LOG): void {
  try {
    // Not `w`, which would make the file.
    const handle = openSync(file, 'r+');
    try {
      const line = Buffer.from(`${message.replace(/\s+/g, ' ').trim()}\n`);
      writeSync(handle, line.subarray(0, MOST_BYTES), 0);
    } finally {
      closeSync(handle);
    }
  } catch {
    // There is none, or it may not be written: the log has the same.
  }
}
