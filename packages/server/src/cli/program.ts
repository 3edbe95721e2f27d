/** Commands, their options and help. */
import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { Command, CommanderError, Option } from 'commander';
import { ServeConfig } from '../core/config.ts';
import { VERSION } from '../core/version.ts';
import { atLeastOne, type Done, names, positive, wholeNumber } from './arguments.ts';
import { addModels } from './models-program.ts';
import { EXIT, fail } from './output.ts';
import { addTraining } from './training-program.ts';

/** Runs one command line; returns the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  let code: number = EXIT.ok;
  const program = new Command('floe')
    .description('Freezes trained TensorFlow models, serves them and trains them on, on the CPU for now.')
    .version(VERSION)
    .showHelpAfterError('(floe --help, or floe COMMAND --help, tells more)')
    .enablePositionalOptions()
    .exitOverride();
  for (const add of [
    addFreeze,
    addCheck,
    addInspect,
    addServe,
    addKserve,
    addContainerize,
    addPredict,
    addModels,
    addTraining,
    addFeedback,
    addBench,
    addDemo,
  ]) {
    add(program, (result) => {
      code = result;
    });
  }
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return fail(error, argv.includes('--json'));
  }
  return code;
}

function addFreeze(program: Command, done: Done): void {
  program
    .command('freeze')
    .description('Freeze and compile a model into ROOT/NAME/VERSION/.')
    .argument(
      '<source>',
      'SavedModel folder, .meta or .index file of a checkpoint, .pb or .pbtxt graph, or model.json of TensorFlow.js',
    )
    .requiredOption('--models <root>', 'folder of models that gets the version')
    .requiredOption('--name <name>', 'name to serve it under')
    .option('--version <n>', 'version number (default: one more than the newest)', wholeNumber)
    .option('--signature <key>', 'freeze this signature only (default: all of them)')
    .option('--inputs <names>', 'graph tensors to feed, separated by commas (default: the placeholders found)', names)
    .option('--outputs <names>', 'graph nodes to fetch, separated by commas, instead of a signature', names)
    .option('--set <name=value...>', 'fix a placeholder, such as keep_prob=1')
    .option('--describe <file>', 'labels, preprocessing, padding and accuracy (default: floe.json beside the source)')
    .option('--opset <n>', 'ONNX opset to compile to', wholeNumber)
    .option('--json', 'print one JSON object')
    .action(async (source: string, options: Record<string, unknown>) => {
      // Freezing keeps most of what it allocates for a while: a young generation that grows costs 100 MB and saves no time.
      setFlagsFromString('--semi-space-growth-factor=1');
      // The same of the old one, which grows by more before it is collected: NASNetMobile took 167 to 173 MB, with 60 % up to 183.
      setFlagsFromString('--heap-growing-percent=45');
      const { freezeCommand } = await import('./freeze.ts');
      done(await freezeCommand(source, options));
    });
}

function addCheck(program: Command, done: Done): void {
  program
    .command('check')
    .description(
      'Say what of a model will run and what will not, and compare its answers with TensorFlow where that is installed.',
    )
    .argument('<source>', 'anything that freeze reads, or a frozen version folder')
    .option('--signature <key>', 'check this signature only (default: all of them)')
    .option('--inputs <names>', 'graph tensors to feed, separated by commas (default: the placeholders found)', names)
    .option('--outputs <names>', 'graph nodes to fetch, separated by commas, instead of a signature', names)
    .option('--set <name=value...>', 'fix a placeholder, such as keep_prob=1')
    .option('--python <path>', 'Python that has TensorFlow (default: FLOE_PYTHON, else python3 if it has)')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExit codes: 0 all signatures run (as TensorFlow does), 65 one will not run, 1 one answers otherwise.',
    )
    .action(async (source: string, options: Record<string, unknown>) => {
      const { checkCommand } = await import('./check/run.ts');
      done(await checkCommand(source, options));
    });
}

function addInspect(program: Command, done: Done): void {
  program
    .command('inspect')
    .description(
      'Show what a model, a graph or a frozen version contains, and what each pass of the compiler makes of it.',
    )
    .argument('<path>', 'anything that freeze reads, or a frozen version folder')
    .option('--passes', 'freeze and compile in memory; show nodes, parameters, FLOPs and bytes after each pass')
    .option('--signature <key>', 'with --passes: this signature (default: serving_default, else the first)')
    .option('--inputs <names>', 'with --passes: graph tensors to feed, separated by commas', names)
    .option(
      '--outputs <names>',
      'with --passes: graph nodes to fetch, separated by commas, instead of a signature',
      names,
    )
    .option('--set <name=value...>', 'with --passes: fix a placeholder, such as keep_prob=1')
    .option('--json', 'print one JSON object')
    .action(async (path: string, options: Record<string, unknown>) => {
      const { inspectCommand } = await import('./inspect.ts');
      done(await inspectCommand(path, options));
    });
}

function addServe(program: Command, done: Done): void {
  const command = program
    .command('serve')
    .description(
      'Serve every model under a folder over HTTP. Every option can also be FLOE_<OPTION> or stand in floe.yaml.',
    )
    .option('--config <file>', 'YAML file of options (default: floe.yaml where there is one)')
    .option('--json', 'print the addresses as one JSON line once ready');
  for (const [name, field] of Object.entries(ServeConfig.shape)) {
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    const isSwitch = field.safeParse(true).data === true;
    const option = new Option(`${flag} ${isSwitch ? '[value]' : '<value>'}`, describe(field.description ?? '', name));
    command.addOption(isSwitch ? option.preset('true') : option);
  }
  command.action(async (options: Record<string, unknown>) => {
    const { serveCommand } = await import('./serve.ts');
    done(await serveCommand(options));
  });
}

function addKserve(program: Command, done: Done): void {
  program
    .command('kserve')
    .description("Serve one model as a runtime of KServe does, by its servers' flags (docs/kserve.md).")
    .usage('--model_name=NAME --model_dir=DIR [--http_port=8080] [--grpc_port=8081] ...')
    .argument('[flags...]')
    .allowUnknownOption()
    .action(async (flags: string[]) => {
      const { kserveCommand } = await import('./kserve.ts');
      done(await kserveCommand(flags));
    });
}

function addContainerize(program: Command, done: Done): void {
  program
    .command('containerize')
    .description('Bake models, frozen and compiled, into an image that serves them as soon as it is started.')
    .argument('<model...>', 'folders of frozen versions, models folders, or a source that floe freeze reads')
    .option('--tag <tag>', 'name of the image', 'floe-models')
    .option('--base <image>', 'image of Floe, as deploy/Dockerfile makes it', `floe:${VERSION}`)
    .option('--platform <platform>', 'such as linux/amd64 (default: that of the base)')
    .option('--context-only <folder>', 'write the build context there, and build nothing')
    .option('--name <name>', 'of a source that is frozen now: name to serve it under')
    .option('--signature <key>', 'of such a source: freeze this signature only')
    .option('--inputs <names>', 'of such a source: graph tensors to feed, separated by commas', names)
    .option('--outputs <names>', 'of such a source: graph nodes to fetch, separated by commas', names)
    .option('--set <name=value...>', 'of such a source: fix a placeholder, such as keep_prob=1')
    .option('--describe <file>', 'of such a source: labels, preprocessing, padding and accuracy')
    .option('--json', 'print one JSON object')
    .action(async (models: string[], options: Record<string, unknown>) => {
      const { containerizeCommand } = await import('./containerize.ts');
      done(await containerizeCommand(models, options));
    });
}

function addPredict(program: Command, done: Done): void {
  program
    .command('predict')
    .description('Ask a running server.')
    .argument('<name>', 'model')
    .addOption(new Option('--image <file>', 'JPEG, PNG or WebP').conflicts(['json', 'npy']))
    .addOption(
      new Option('--json <file>', 'body for :predict, with instances or inputs; - reads standard input').conflicts(
        'npy',
      ),
    )
    .option('--npy <file>', 'NumPy array for the only input')
    .option('--url <url>', 'server', 'http://127.0.0.1:8501')
    .option('--model-version <n>', 'version (default: the one that serves)', wholeNumber)
    .option('--key <key>', 'API key (or FLOE_KEY)')
    .action(async (name: string, options: Record<string, unknown>) => {
      const { predictCommand } = await import('./predict.ts');
      done(await predictCommand(name, options));
    });
}

function addFeedback(program: Command, done: Done): void {
  const feedback = program.command('feedback').description('What a server has kept of requests and their labels.');
  const add = (name: string, description: string): Command =>
    feedback
      .command(name)
      .description(description)
      .option('--sql <url>', 'database of the server (or FLOE_SQL)')
      .option(
        '--models <url>',
        'models of the server (or FLOE_MODELS): in a bucket its inputs are beside them, and .npz takes its form from them',
      )
      .option('--feedback-dir <place>', 'folder or bucket of the inputs (or FLOE_FEEDBACK_DIR; default: as for serve)')
      .option('--json', 'print one JSON object');
  add('delete', 'Delete all that is kept of somebody.')
    .requiredOption('--subject <name>', 'whom the requests named in X-Subject')
    .action(async (options: Record<string, unknown>) => {
      const { deleteFeedback } = await import('./feedback-commands.ts');
      done(await deleteFeedback(options));
    });
  add('export', 'Write the labelled inputs of a model as a TFRecord file of tf.train.Examples, or as .npz arrays.')
    .requiredOption('--model <name>', 'model that was asked')
    .requiredOption(
      '--out <file>',
      'file to write; .npz holds arrays as floe datasets add takes them, in the form that the serving version reads',
    )
    .option('--label-share <share>', 'most that the labels of one caller count, as a share of all (default: 0.5)')
    .action(async (options: Record<string, unknown>) => {
      const { exportFeedback } = await import('./feedback-commands.ts');
      done(await exportFeedback(options));
    });
}

function addBench(program: Command, done: Done): void {
  program
    .command('bench')
    .description('Put load on an Open Inference V2 or TensorFlow Serving endpoint and say how fast it answers.')
    .argument('<url>', 'server, such as http://127.0.0.1:8501')
    .requiredOption('--model <name>', 'model to ask')
    .addOption(new Option('--protocol <name>', 'protocol to ask in').choices(['v2', 'tfs']).default('v2'))
    .addOption(new Option('--binary', 'send tensors as bytes behind the JSON, an extension of v2').conflicts('body'))
    .addOption(
      new Option('--rate <n>', 'open loop: so many requests a second at random times (Poisson)')
        .argParser(positive)
        .conflicts('concurrency'),
    )
    .option('--concurrency <n>', 'closed loop: callers that wait for their answers (default: 8)', atLeastOne)
    .option('--duration <s>', 'seconds in which requests begin (default: 10, or no limit with --requests)', positive)
    .option('--requests <n>', 'end after so many requests', atLeastOne)
    .option('--seed <n>', 'of times, mix and values', wholeNumber, 1)
    .addOption(new Option('--batch <n>', 'rows of a request (default: 1)').argParser(atLeastOne).conflicts('mix'))
    .option(
      '--mix <classes>',
      'kinds of requests, name=rows:share each, such as small=1:0.9,large=20:0.1; 1x224x224x3 for rows of a shape',
    )
    .option('--shape <name:dims...>', 'shape of an input, for dimensions that the model leaves open (else 1)')
    .addOption(
      new Option('--body <file>', 'JSON to send, instead of made-up inputs').conflicts(['batch', 'mix', 'shape']),
    )
    .option('--key <key>', 'API key (or FLOE_KEY)')
    .option('--pid <n>', 'process of the server, if it runs on this machine: says what CPU time it took', atLeastOne)
    .option('--plot <file>', 'draw latency by percentile into an .svg or .html file')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExit codes: 0 all requests were answered, 1 some were not, 69 no server answers, 66 no such model.',
    )
    .action(async (url: string, options: Record<string, unknown>) => {
      const { benchCommand } = await import('./bench.ts');
      done(await benchCommand(url, options));
    });
}

function addDemo(program: Command, done: Done): void {
  program
    .command('demo')
    .description(
      'Freeze, compile and serve a trained checkpoint of handwritten digits; ask it about real pictures; show its cache, its queue, and how it learns.',
    )
    .option('--http-port <port>', 'port to serve on; 0 picks a free one', wholeNumber, 8501)
    .option(
      '--postgres <url>',
      'a PostgreSQL for the part about training, instead of the embedded one; a worker of its own trains',
    )
    .option(
      '--s3 <url>',
      'an empty place in a bucket for its models, s3://bucket/prefix?endpoint=..., instead of a folder',
    )
    .option('--redis <url>', 'a Redis for its cache, beside memory')
    .option('--keep', 'go on serving until interrupted (default on a terminal)', process.stdout.isTTY === true)
    .option('--json', 'print one JSON object')
    .action(async (options: Record<string, unknown>) => {
      const { demoCommand } = await import('./demo/run.ts');
      done(await demoCommand(options));
    });
}

function describe(description: string, name: string): string {
  const fallback = ServeConfig.shape[name as keyof typeof ServeConfig.shape].safeParse(undefined);
  return fallback.success && String(fallback.data) !== '' ? `${description} (default: ${fallback.data})` : description;
}
