/** The commands of training: options and help. */
import { type Command, InvalidArgumentError } from 'commander';
import { ServeConfig } from '../core/config.ts';
import { type Done, wholeNumber } from './arguments.ts';

/** What of a server's configuration a worker needs. */
const WORKER_OPTIONS = ['models', 'sql', 'feedbackDir', 'cacheDir', 'trainers', 'labelShare', 'logLevel'] as const;

export function addTraining(program: Command, done: Done): void {
  addWorker(program, done);
  addMigrate(program, done);
  addTrain(program, done);
  addJobs(program, done);
  addPlans(program, done);
  addDatasets(program, done);
}

function addWorker(program: Command, done: Done): void {
  const command = program
    .command('worker')
    .description(
      'Train what is asked for, on each GPU of this machine, else on its CPU. Options are those of floe serve.',
    )
    .option('--config <file>', 'YAML file of options (default: floe.yaml where there is one)')
    .option('--json', 'print the devices as one JSON line once it works');
  for (const name of WORKER_OPTIONS) {
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} <value>`;
    command.option(flag, ServeConfig.shape[name].description ?? '');
  }
  command.action(async (options: Record<string, unknown>) => {
    const { workerCommand } = await import('./worker.ts');
    done(await workerCommand(options));
  });
}

function addMigrate(program: Command, done: Done): void {
  program
    .command('migrate')
    .description('Bring the tables of a database up to date, as servers and workers do when they start, and end.')
    .option('--config <file>', 'YAML file of options (default: floe.yaml where there is one)')
    .option('--sql <value>', 'postgres://user:password@host:5432/name (or FLOE_SQL)')
    .option('--json', 'print one JSON object')
    .action(async (options: Record<string, unknown>) => {
      const { migrateCommand } = await import('./migrate.ts');
      done(await migrateCommand(options));
    });
}

function admin(command: Command): Command {
  return command
    .option('--url <url>', 'admin API of a server', 'http://127.0.0.1:8502')
    .option('--key <key>', 'API key (or FLOE_KEY)')
    .option('--json', 'print one JSON object');
}

function addTrain(program: Command, done: Done): void {
  admin(program.command('train'))
    .description('Ask for a training of a model, by its plan and what is said here.')
    .argument('<model>')
    .option('--trainer <name>', 'trainer (default: that of the plan, else head)')
    .option('--set <name=value...>', "trainer's parameters, such as layers=2", settings)
    .option('--dataset <name>', 'set that the model was first trained on')
    .option('--no-rollout', 'publish only: a person decides what serves')
    .option('--follow', 'stay until it is done, and say how it goes')
    .action(async (model: string, options: Record<string, unknown>) => {
      const { trainCommand } = await import('./jobs-commands.ts');
      done(await trainCommand(model, options));
    });
}

function addJobs(program: Command, done: Done): void {
  const jobs = program.command('jobs').description('Trainings and measurements that were asked for.');
  const on = (name: string, description: string): Command => admin(jobs.command(name)).description(description);
  const one =
    (name: 'show' | 'cancel' | 'retry' | 'follow') => async (id: string, options: Record<string, unknown>) => {
      const { jobCommand } = await import('./jobs-commands.ts');
      done(await jobCommand(name, id, options));
    };
  on('list', 'List them, the newest first.')
    .option('--state <state>', 'queued, running, succeeded, dead or cancelled')
    .option('--limit <n>', 'at most so many', wholeNumber, 20)
    .action(async (options: Record<string, unknown>) => {
      const { listJobs } = await import('./jobs-commands.ts');
      done(await listJobs(options));
    });
  on('show', 'Show one.').argument('<id>').action(one('show'));
  on('follow', 'Say what happens to one until it is done.').argument('<id>').action(one('follow'));
  on('cancel', 'Cancel one.').argument('<id>').action(one('cancel'));
  on('retry', 'Queue a dead or cancelled one again.').argument('<id>').action(one('retry'));
}

function repository(command: Command): Command {
  return command
    .option('--models <url>', 'the repository: a folder or s3://... (or FLOE_MODELS)')
    .option('--json', 'print one JSON object');
}

function addPlans(program: Command, done: Done): void {
  const plans = program.command('plans').description('How and when models are trained on.');
  const run =
    (name: 'set' | 'show' | 'delete') =>
    async (model: string, ...rest: readonly unknown[]) => {
      const { planCommand } = await import('./plan-commands.ts');
      const [file, options] = typeof rest[0] === 'string' ? [rest[0], rest[1]] : [undefined, rest[0]];
      done(await planCommand(name, model, file, options as Record<string, unknown>));
    };
  repository(plans.command('set'))
    .description('Keep a plan for a model, from a YAML or JSON file.')
    .argument('<model>')
    .argument('<file>')
    .action(run('set'));
  repository(plans.command('show')).description("Show a model's plan.").argument('<model>').action(run('show'));
  repository(plans.command('delete')).description('Forget it.').argument('<model>').action(run('delete'));
}

function addDatasets(program: Command, done: Done): void {
  const datasets = program
    .command('datasets')
    .description('Sets of examples that models are trained on and measured by.');
  repository(datasets.command('add'))
    .description('Bring a set to the repository.')
    .argument('<name>')
    .argument('<file>', '.npz with inputs/<input>, label, and split (1: held out); or the folder of a dataset snapshot')
    .action(async (name: string, file: string, options: Record<string, unknown>) => {
      const { addDataset } = await import('./dataset-commands.ts');
      done(await addDataset(name, file, options));
    });
  datasets
    .command('evaluate')
    .description(
      'Measure a frozen version that is not published yet by the examples held out, and write that into its model.json.',
    )
    .argument('<folder>', 'folder of the version')
    .argument('<dataset>', '.npz file or folder, as for add')
    .option('--json', 'print one JSON object')
    .action(async (folder: string, dataset: string, options: Record<string, unknown>) => {
      const { evaluateVersion } = await import('./dataset-commands.ts');
      done(await evaluateVersion(folder, dataset, options));
    });
}

/** Values are JSON where they are; else text. */
function settings(text: string, before: Record<string, unknown> = {}): Record<string, unknown> {
  const at = text.indexOf('=');
  if (at <= 0) throw new InvalidArgumentError('name=value is needed');
  const value = text.slice(at + 1);
  try {
    return { ...before, [text.slice(0, at)]: JSON.parse(value) as unknown };
  } catch {
    return { ...before, [text.slice(0, at)]: value };
  }
}
