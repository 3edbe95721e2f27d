/** `floe models` and its commands: options and help. */
import type { Command } from 'commander';
import { type Done, percentage, percentages, wholeNumber } from './arguments.ts';

export function addModels(program: Command, done: Done): void {
  const models = program
    .command('models')
    .description(
      'A repository of models: a folder, or s3://bucket/prefix?endpoint=...&region=...&path-style=...&ca=... .',
    );
  const add = (name: string, description: string): Command =>
    models
      .command(name)
      .description(description)
      .option('--models <url>', 'the repository (or FLOE_MODELS)')
      .option('--json', 'print one JSON object');
  const why = ['--why <text>', 'reason, for the audit'] as const;
  const run = (command: string) => async (first: unknown, second: unknown, third?: unknown) => {
    const commands = await import('./models-commands.ts');
    const [options, args] = argumentsOf([first, second, third]);
    done(await commands.modelsCommand(command, args, options));
  };
  add('list', 'Say which models there are, which versions they have and which of them serve.').action(run('list'));
  add('show', 'Show the versions of a model, what was measured of them, and who moved its channels when and why.')
    .argument('<model>')
    .action(run('show'));
  add('publish', 'Bring a frozen version to the repository, under the next free number.')
    .argument('<folder>', 'folder of the version, as floe freeze makes it')
    .option('--name <model>', 'model to publish it as (default: its own name)')
    .option(...why)
    .action(run('publish'));
  add('promote', 'Make a version the stable one, whatever its checks say.')
    .argument('<model>')
    .argument('<version>', 'number', wholeNumber)
    .option(...why)
    .action(run('promote'));
  add('canary', 'Put a version on trial.')
    .argument('<model>')
    .argument('<version>', 'number', wholeNumber)
    .option('--percent <n>', 'share of the requests that it answers', percentage, 10)
    .option(
      '--steps <list>',
      'shares that it gets one after the other while it is healthy, until it is stable: 1,10,50',
      percentages,
    )
    .option(...why)
    .action(run('canary'));
  add('rollback', 'End a trial; where there is none, make the version stable that was before.')
    .argument('<model>')
    .option(...why)
    .action(run('rollback'));
  add('delete', 'Delete a version that no channel names.')
    .argument('<model>')
    .argument('<version>', 'number', wholeNumber)
    .option(...why)
    .action(run('delete'));
  add(
    'gc',
    'Delete versions that nobody needs: not among the newest, named by no channel, not the last stable one; and what was half published.',
  )
    .argument('[model]', 'default: all')
    .option('--keep <n>', 'newest versions that stay', wholeNumber, 5)
    .option('--min-age-hours <n>', 'hours that everything stays', wholeNumber, 24)
    .option(...why)
    .action(run('gc'));
}

/** Commander gives the arguments, then the options, then the command. */
function argumentsOf(given: readonly unknown[]): [Record<string, unknown>, readonly unknown[]] {
  const at = given.findIndex((one) => typeof one === 'object' && one !== null);
  return [given[at] as Record<string, unknown>, given.slice(0, at)];
}
