/** TensorFlow Serving's `ReloadConfigRequest`: the list of models to serve, with their versions and labels. */
import { invalid } from '@floe/graph/base';
import { type ModelConfig, type ReloadConfigRequest, ReloadConfigResponse } from '../proto/tensorflow-serving.ts';

/** A model that somebody wants served. */
export interface ModelEntry {
  readonly name: string;
  readonly basePath: string;
  /** Absent: as the server's own options say. */
  readonly versions: {
    readonly versions?: { readonly latest: number } | { readonly these: readonly number[] } | 'all';
  };
  readonly labels: Readonly<Record<string, number>>;
}

const FIELD = 'config.model_config_list';

/** Throws INVALID_ARGUMENT naming the field. */
export function modelsIn({ config }: ReloadConfigRequest): readonly ModelEntry[] {
  const list = config?.model_config_list?.config;
  if (list === undefined) {
    const message =
      'ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is currently supported';
    throw invalid(message, { field: 'config' });
  }
  const names = new Set<string>();
  return list.map((model) => {
    const { name, base_path: basePath } = model;
    if (name === '') throw invalid('a model of the list has no name', { field: `${FIELD}.name` });
    if (basePath === '') throw invalid(`model ${name} has no base_path`, { field: `${FIELD}.base_path` });
    if (names.has(name)) throw invalid(`model ${name} is listed twice`, { field: `${FIELD}.name` });
    names.add(name);
    const labels = Object.fromEntries([...model.version_labels].map(([label, version]) => [label, Number(version)]));
    return { name, basePath, versions: versionsOf(model), labels };
  });
}

function versionsOf({ name, model_version_policy: policy }: ModelConfig): ModelEntry['versions'] {
  if (policy?.all !== undefined) return { versions: 'all' };
  if (policy?.specific !== undefined) {
    const these = [...policy.specific.versions].map(Number);
    if (these.length > 0) return { versions: { these } };
    throw invalid(`model ${name} has a policy of specific versions, but no version`, {
      field: `${FIELD}.model_version_policy.specific`,
    });
  }
  // None at all means one, as in TensorFlow Serving.
  return policy?.latest === undefined ? {} : { versions: { latest: policy.latest.num_versions || 1 } };
}

export const RELOADED = ReloadConfigResponse.encode({ status: { error_code: 0, error_message: '' } });
