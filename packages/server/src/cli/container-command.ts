/**
 * What a container runs: a command is one of Floe's; flags alone, or TensorFlow Serving's variables, are what the image of that one is given. Its
 * entry point fills in what no flag says (tensorflow_model_server/tools/docker/Dockerfile).
 */
const MODELS = '/models';
const HTTP_PORT = '8501';
const GRPC_PORT = '8500';
const MODEL = 'model';
/** Flags that ask Floe itself. */
const OWN = new Set(['--help', '--version']);

export interface ContainerCommand {
  readonly program: 'floe' | 'tensorflow_model_server';
  readonly args: readonly string[];
}

export function containerCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): ContainerCommand {
  const { MODEL_NAME, MODEL_BASE_PATH, FLOE_GRPC_PORT, FLOE_HTTP_PORT } = environment;
  const [first] = args;
  if (first === undefined && !MODEL_NAME && !MODEL_BASE_PATH)
    return { program: 'floe', args: ['serve', '--models', MODELS, '--host', '0.0.0.0'] };
  if (first !== undefined && (OWN.has(first) || !first.startsWith('-'))) return { program: 'floe', args };
  const model = MODEL_NAME || MODEL;
  const given = [
    `--port=${FLOE_GRPC_PORT || GRPC_PORT}`,
    `--rest_api_port=${FLOE_HTTP_PORT || HTTP_PORT}`,
    `--model_name=${model}`,
    `--model_base_path=${MODEL_BASE_PATH || MODELS}/${model}`,
  ];
  return { program: 'tensorflow_model_server', args: [...given, ...args] };
}
