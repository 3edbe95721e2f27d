/**
 * Stands between a worker and somebody's program, in the program's process group: where the worker dies without a word, its end of the pipe
 * closes, and the program must not go on on a device that somebody else is given.
 *
 *   node guard.js python3 train.py ...
 */
import { spawn } from 'node:child_process';
import process from 'node:process';

const [name = '', ...args] = process.argv.slice(2);
const child = spawn(name, args, { stdio: ['pipe', 'inherit', 'inherit'] });
child.stdin.on('error', () => {});
process.stdin.pipe(child.stdin);
process.stdin.on('close', () => process.kill(0, 'SIGKILL'));
// Asked to end, the program decides when; the guard ends with it.
process.on('SIGTERM', () => {});
child.on('error', (error: NodeJS.ErrnoException) => {
  process.stderr.write(`${name}: ${error.message}\n`);
  process.exit(error.code === 'ENOENT' ? 127 : 126);
});
child.on('exit', (code, signal) => {
  if (signal === null) process.exit(code ?? 1);
  process.stderr.write(`${name} was ended by ${signal}\n`);
  process.exit(1);
});
