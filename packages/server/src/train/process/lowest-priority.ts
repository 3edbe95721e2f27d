/**
 * What a command begins with to take only the time that nobody else wants. A priority is a thread's own on Linux, so it has to be there before the
 * first one: who is started cannot set it for all of its threads.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** The kernel takes such a thread from its CPU as soon as anything else is to run; beside `nice` alone that may take milliseconds. */
const IDLE = ['chrt', '--idle', '0'];
const NICE = ['nice', '-n', '19'];

let known: Promise<readonly string[]> | undefined;

/** Where a system has neither, nothing. */
export function lowestPriority(): Promise<readonly string[]> {
  known ??= find();
  return known;
}

async function find(): Promise<readonly string[]> {
  for (const prefix of [[...NICE, ...IDLE], NICE]) if (await works(prefix)) return prefix;
  return [];
}

function works([name = '', ...args]: readonly string[]): Promise<boolean> {
  return promisify(execFile)(name, [...args, 'true']).then(
    () => true,
    () => false,
  );
}
