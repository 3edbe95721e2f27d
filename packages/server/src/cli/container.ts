/** What the image starts, with no shell between: see `container-command.ts`. */
import './prepare-process.ts';
import process from 'node:process';
import { containerCommand } from './container-command.ts';

const { program, args } = containerCommand(process.argv.slice(2), process.env);
if (program === 'floe') {
  const { run } = await import('./program.ts');
  process.exitCode = await run([...process.argv.slice(0, 2), ...args]);
} else {
  const { runModelServer } = await import('./model-server/run.ts');
  process.exitCode = await runModelServer(args);
}
