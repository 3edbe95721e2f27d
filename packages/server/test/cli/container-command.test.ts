import { expect, it } from 'vitest';
import { containerCommand } from '../../src/cli/container-command.ts';

const PORTS = ['--port=8500', '--rest_api_port=8501'];
const OF_MODEL = ['--model_name=model', '--model_base_path=/models/model'];

const table: readonly (readonly [string, readonly string[], Record<string, string>, string, readonly string[]])[] = [
  ['nothing', [], {}, 'floe', ['serve', '--models', '/models', '--host', '0.0.0.0']],
  ['a command', ['worker', '--all'], { MODEL_NAME: 'm' }, 'floe', ['worker', '--all']],
  ['a wish for help', ['--help'], {}, 'floe', ['--help']],
  [
    'variables',
    [],
    { MODEL_NAME: 'm', MODEL_BASE_PATH: '/else' },
    'tensorflow_model_server',
    [...PORTS, '--model_name=m', '--model_base_path=/else/m'],
  ],
  ['an empty variable', [], { MODEL_NAME: '' }, 'floe', ['serve', '--models', '/models', '--host', '0.0.0.0']],
  [
    'flags, which come last and so win',
    ['--model_config_file=/models/list'],
    {},
    'tensorflow_model_server',
    [...PORTS, ...OF_MODEL, '--model_config_file=/models/list'],
  ],
  [
    'ports of Floe',
    ['--enable_batching'],
    { FLOE_HTTP_PORT: '1', FLOE_GRPC_PORT: '2' },
    'tensorflow_model_server',
    ['--port=2', '--rest_api_port=1', ...OF_MODEL, '--enable_batching'],
  ],
];

it.each(table)('a container that is given %s', (_, given, environment, program, args) => {
  expect(containerCommand(given, environment)).toEqual({ program, args });
});
