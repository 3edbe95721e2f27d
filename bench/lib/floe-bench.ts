/** `floe bench` on a port, as a process of its own. */
import process from 'node:process';
import type { Report } from '../../packages/server/src/cli/bench/report.ts';
import { output } from './children.ts';
import { MAIN } from './paths.ts';

/** Throws where a request has no answer. */
export async function floeBench(port: number, model: string, args: readonly string[]): Promise<Report> {
  const target = [`http://127.0.0.1:${port}`, '--model', model, '--json'];
  return JSON.parse(await output(process.execPath, [MAIN, 'bench', ...target, ...args]));
}
