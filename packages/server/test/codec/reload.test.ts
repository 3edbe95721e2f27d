import { expect, test } from 'vitest';
import { ReloadConfigRequest } from '../../src/codec/proto/tensorflow-serving.ts';
import { modelsIn } from '../../src/codec/tfs-grpc/reload.ts';

type Listed = NonNullable<NonNullable<ReloadConfigRequest['config']>['model_config_list']>['config'][number];
type Policy = NonNullable<Listed['model_version_policy']>;

const policy = (more: Partial<Policy>): Policy => ({ latest: undefined, all: undefined, specific: undefined, ...more });
const listed = (more: Partial<Listed> = {}): Listed => ({
  name: 'm',
  base_path: '/models/m',
  model_type: 0,
  model_platform: 'tensorflow',
  model_version_policy: undefined,
  version_labels: new Map(),
  ...more,
});

function read(...config: Listed[]) {
  const bytes = ReloadConfigRequest.encode({
    config: { model_config_list: { config }, custom_model_config: undefined },
    metric_names: [],
  });
  return modelsIn(ReloadConfigRequest.decode(bytes, 'x'));
}

test.each([
  ['no policy', undefined, {}],
  ['the newest', policy({ latest: { num_versions: 0 } }), { versions: { latest: 1 } }],
  ['the newest three', policy({ latest: { num_versions: 3 } }), { versions: { latest: 3 } }],
  ['all', policy({ all: {} }), { versions: 'all' }],
  ['some', policy({ specific: { versions: BigInt64Array.of(1n, 4n) } }), { versions: { these: [1, 4] } }],
])('a model of %s is read', (_, given, versions) => {
  const labels = new Map([['next', 4n]]);
  expect(read(listed({ model_version_policy: given, version_labels: labels }))).toEqual([
    { name: 'm', basePath: '/models/m', versions, labels: { next: 4 } },
  ]);
});

const specific = policy({ specific: { versions: new BigInt64Array(0) } });
test.each([
  ['without a name', [listed({ name: '' })], 'a model of the list has no name'],
  ['without a path', [listed({ base_path: '' })], 'model m has no base_path'],
  ['listed twice', [listed(), listed()], 'model m is listed twice'],
  [
    'of no version',
    [listed({ model_version_policy: specific })],
    'model m has a policy of specific versions, but no version',
  ],
])('a model %s is refused', (_, config, message) => {
  expect(() => read(...config)).toThrow(message);
});

test('only lists of models are taken', () => {
  expect(() => modelsIn({ config: undefined, metric_names: [] })).toThrow(
    'Only ModelConfigList is currently supported',
  );
});
