/**
 * Prints what a Node.js process took, when it ends, as a line of JSON on its standard error: CPU seconds and the most resident bytes.
 * usage: node --import usage.mjs SCRIPT     JavaScript, so that stripping types is not in its time
 */
import { readFileSync } from 'node:fs';
import process from 'node:process';

process.once('exit', () => {
  const { user, system } = process.cpuUsage();
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  process.stderr.write(`${JSON.stringify({ cpu: (user + system) / 1e6, peak: 1024 * Number(kilobytes) })}\n`);
});
