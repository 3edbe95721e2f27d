/**
 * The messages and services of TensorFlow Serving. Source of the numbers: `tensorflow_serving/apis/*.proto`, `config/*.proto` and
 * `util/status.proto`; `conformance/grpc` checks every row against the descriptors of the official package.
 */
import { integers, type Message, many, map, message, one, optional } from '@floe/graph/proto';
import { Any, Int64Value } from './google.ts';
import { enumerated, type Service, serialised, serialisedMany, unary, type ValueOf } from './schema.ts';
import { Code, Example, SignatureDef, TensorProto } from './tensorflow.ts';

export const ModelSpec = message(
  'tensorflow.serving.ModelSpec',
  {
    name: one(1, 'string'),
    version: optional(2, Int64Value),
    version_label: optional(4, 'string'),
    signature_name: one(3, 'string'),
  },
  { version_choice: ['version', 'version_label'] },
);
export type ModelSpec = ValueOf<typeof ModelSpec>;

export const PredictRequest = message('tensorflow.serving.PredictRequest', {
  model_spec: optional(1, ModelSpec),
  inputs: map(2, TensorProto),
  output_filter: many(3, 'string'),
});
export type PredictRequest = ValueOf<typeof PredictRequest>;

export const PredictResponse = message('tensorflow.serving.PredictResponse', {
  model_spec: optional(2, ModelSpec),
  outputs: map(1, TensorProto),
});

const ExampleList = message('tensorflow.serving.ExampleList', { examples: serialisedMany(1, Example) });
const ExampleListWithContext = message('tensorflow.serving.ExampleListWithContext', {
  examples: serialisedMany(1, Example),
  context: serialised(2, Example),
});
const Input = message(
  'tensorflow.serving.Input',
  { example_list: optional(1, ExampleList), example_list_with_context: optional(2, ExampleListWithContext) },
  { kind: ['example_list', 'example_list_with_context'] },
);
export type Input = ValueOf<typeof Input>;

const Class = message('tensorflow.serving.Class', { label: one(1, 'string'), score: one(2, 'float') });
const Classifications = message('tensorflow.serving.Classifications', { classes: many(1, Class) });
const ClassificationResult = message('tensorflow.serving.ClassificationResult', {
  classifications: many(1, Classifications),
});
export const ClassificationRequest = message('tensorflow.serving.ClassificationRequest', {
  model_spec: optional(1, ModelSpec),
  input: optional(2, Input),
});
/** Of a classification or a regression. */
export type ExamplesRequest = ValueOf<typeof ClassificationRequest>;
export const ClassificationResponse = message('tensorflow.serving.ClassificationResponse', {
  model_spec: optional(2, ModelSpec),
  result: optional(1, ClassificationResult),
});

const Regression = message('tensorflow.serving.Regression', { value: one(1, 'float') });
const RegressionResult = message('tensorflow.serving.RegressionResult', { regressions: many(1, Regression) });
export const RegressionRequest = message('tensorflow.serving.RegressionRequest', {
  model_spec: optional(1, ModelSpec),
  input: optional(2, Input),
});
export const RegressionResponse = message('tensorflow.serving.RegressionResponse', {
  model_spec: optional(2, ModelSpec),
  result: optional(1, RegressionResult),
});

const InferenceTask = message('tensorflow.serving.InferenceTask', {
  model_spec: optional(1, ModelSpec),
  method_name: one(2, 'string'),
});
export const MultiInferenceRequest = message('tensorflow.serving.MultiInferenceRequest', {
  tasks: many(1, InferenceTask),
  input: optional(2, Input),
});
export type MultiInferenceRequest = ValueOf<typeof MultiInferenceRequest>;
export const InferenceResult = message(
  'tensorflow.serving.InferenceResult',
  {
    model_spec: optional(1, ModelSpec),
    classification_result: optional(2, ClassificationResult),
    regression_result: optional(3, RegressionResult),
  },
  { result: ['classification_result', 'regression_result'] },
);
const MultiInferenceResponse = message('tensorflow.serving.MultiInferenceResponse', {
  results: many(1, InferenceResult),
});

export const GetModelMetadataRequest = message('tensorflow.serving.GetModelMetadataRequest', {
  model_spec: optional(1, ModelSpec),
  metadata_field: many(2, 'string'),
});
export const GetModelMetadataResponse = message('tensorflow.serving.GetModelMetadataResponse', {
  model_spec: optional(1, ModelSpec),
  metadata: map(2, Any),
});
export const SignatureDefMap = message('tensorflow.serving.SignatureDefMap', { signature_def: map(1, SignatureDef) });

export const State = {
  name: 'tensorflow.serving.ModelVersionStatus.State',
  values: { UNKNOWN: 0, START: 10, LOADING: 20, AVAILABLE: 30, UNLOADING: 40, END: 50 },
} as const;

const StatusProto = message('tensorflow.serving.StatusProto', {
  error_code: enumerated(1, Code),
  error_message: one(2, 'string'),
});
const ModelVersionStatus = message('tensorflow.serving.ModelVersionStatus', {
  version: one(1, 'int64'),
  state: enumerated(2, State),
  status: optional(3, StatusProto),
});
export const GetModelStatusRequest = message('tensorflow.serving.GetModelStatusRequest', {
  model_spec: optional(1, ModelSpec),
});
export const GetModelStatusResponse = message('tensorflow.serving.GetModelStatusResponse', {
  model_version_status: many(1, ModelVersionStatus),
});

const POLICY = 'tensorflow.serving.FileSystemStoragePathSourceConfig.ServableVersionPolicy';
const Latest = message(`${POLICY}.Latest`, { num_versions: one(1, 'uint32') });
const All: Message<Record<string, never>> = message(`${POLICY}.All`, {});
const Specific = message(`${POLICY}.Specific`, { versions: integers(1, 'int64') });
const ServableVersionPolicy = message(
  POLICY,
  { latest: optional(100, Latest), all: optional(101, All), specific: optional(102, Specific) },
  { policy_choice: ['latest', 'all', 'specific'] },
);
const FileSystemStoragePathSourceConfig: Message<Record<string, never>> = message(
  'tensorflow.serving.FileSystemStoragePathSourceConfig',
  {},
);

const ModelType = {
  name: 'tensorflow.serving.ModelType',
  values: { MODEL_TYPE_UNSPECIFIED: 0, TENSORFLOW: 1, OTHER: 2 },
} as const;

const ModelConfig = message('tensorflow.serving.ModelConfig', {
  name: one(1, 'string'),
  base_path: one(2, 'string'),
  model_type: enumerated(3, ModelType),
  model_platform: one(4, 'string'),
  model_version_policy: optional(7, ServableVersionPolicy),
  version_labels: map(8, 'int64'),
});
export type ModelConfig = ValueOf<typeof ModelConfig>;
const ModelConfigList = message('tensorflow.serving.ModelConfigList', { config: many(1, ModelConfig) });
export const ModelServerConfig = message(
  'tensorflow.serving.ModelServerConfig',
  { model_config_list: optional(1, ModelConfigList), custom_model_config: optional(2, Any) },
  { config: ['model_config_list', 'custom_model_config'] },
);
export const ReloadConfigRequest = message('tensorflow.serving.ReloadConfigRequest', {
  config: optional(1, ModelServerConfig),
  metric_names: many(2, 'string'),
});
export type ReloadConfigRequest = ValueOf<typeof ReloadConfigRequest>;
export const ReloadConfigResponse = message('tensorflow.serving.ReloadConfigResponse', {
  status: optional(1, StatusProto),
});

/** Messages that no field names, but that others nest in. */
export const TENSORFLOW_SERVING_NAMESPACES = [FileSystemStoragePathSourceConfig];

export const PredictionService = {
  name: 'tensorflow.serving.PredictionService',
  methods: {
    Classify: unary(ClassificationRequest, ClassificationResponse),
    Regress: unary(RegressionRequest, RegressionResponse),
    Predict: unary(PredictRequest, PredictResponse),
    MultiInference: unary(MultiInferenceRequest, MultiInferenceResponse),
    GetModelMetadata: unary(GetModelMetadataRequest, GetModelMetadataResponse),
  },
} as const satisfies Service;

export const ModelService = {
  name: 'tensorflow.serving.ModelService',
  methods: {
    GetModelStatus: unary(GetModelStatusRequest, GetModelStatusResponse),
    HandleReloadConfigRequest: unary(ReloadConfigRequest, ReloadConfigResponse),
  },
} as const satisfies Service;
