/**
 * The messages and the service of the Open Inference Protocol with Triton's extensions. Source of the numbers: Triton's `grpc_service.proto`
 * and `model_config.proto`; `conformance/grpc` checks every row against the descriptors of `tritonclient`.
 */
import { doubles, floats, integers, type Message, many, map, message, one, optional, shared } from '@floe/graph/proto';
import { enumerated, type Service, streaming, unary, type ValueOf } from './schema.ts';

const empty = (name: string): Message<Record<string, never>> => message(`inference.${name}`, {});
const named = (name: string) => message(`inference.${name}`, { name: one(1, 'string') });
const modelNamed = (name: string) =>
  message(`inference.${name}`, { name: one(1, 'string'), version: one(2, 'string') });

export const InferParameter = message(
  'inference.InferParameter',
  {
    bool_param: optional(1, 'bool'),
    int64_param: optional(2, 'int64'),
    string_param: optional(3, 'string'),
    double_param: optional(4, 'double'),
    uint64_param: optional(5, 'uint64'),
  },
  { parameter_choice: ['bool_param', 'int64_param', 'string_param', 'double_param', 'uint64_param'] },
);
export type InferParameter = ValueOf<typeof InferParameter>;

export const InferTensorContents = message('inference.InferTensorContents', {
  bool_contents: shared(integers(1, 'bool')),
  int_contents: shared(integers(2, 'int32')),
  int64_contents: shared(integers(3, 'int64')),
  uint_contents: shared(integers(4, 'uint32')),
  uint64_contents: shared(integers(5, 'uint64')),
  fp32_contents: shared(floats(6)),
  fp64_contents: shared(doubles(7)),
  bytes_contents: many(8, 'bytes'),
});
export type InferTensorContents = ValueOf<typeof InferTensorContents>;

const InferInputTensor = message('inference.ModelInferRequest.InferInputTensor', {
  name: one(1, 'string'),
  datatype: one(2, 'string'),
  shape: many(3, 'size'),
  parameters: map(4, InferParameter),
  contents: optional(5, InferTensorContents),
});
export type InferInputTensor = ValueOf<typeof InferInputTensor>;

const InferRequestedOutputTensor = message('inference.ModelInferRequest.InferRequestedOutputTensor', {
  name: one(1, 'string'),
  parameters: map(2, InferParameter),
});
export type InferRequestedOutputTensor = ValueOf<typeof InferRequestedOutputTensor>;

export const ModelInferRequest = message('inference.ModelInferRequest', {
  model_name: one(1, 'string'),
  model_version: one(2, 'string'),
  id: one(3, 'string'),
  parameters: map(4, InferParameter),
  inputs: many(5, InferInputTensor),
  outputs: many(6, InferRequestedOutputTensor),
  raw_input_contents: many(7, 'bytes'),
});
export type ModelInferRequest = ValueOf<typeof ModelInferRequest>;

const InferOutputTensor = message('inference.ModelInferResponse.InferOutputTensor', {
  name: one(1, 'string'),
  datatype: one(2, 'string'),
  shape: many(3, 'size'),
  parameters: map(4, InferParameter),
  contents: optional(5, InferTensorContents),
});

export const ModelInferResponse = message('inference.ModelInferResponse', {
  model_name: one(1, 'string'),
  model_version: one(2, 'string'),
  id: one(3, 'string'),
  parameters: map(4, InferParameter),
  outputs: many(5, InferOutputTensor),
  raw_output_contents: many(6, 'bytes'),
});
export type ModelInferResponse = ValueOf<typeof ModelInferResponse>;

export const ModelStreamInferResponse = message('inference.ModelStreamInferResponse', {
  error_message: one(1, 'string'),
  infer_response: optional(2, ModelInferResponse),
});

export const ServerLiveResponse = message('inference.ServerLiveResponse', { live: one(1, 'bool') });
export const ServerReadyResponse = message('inference.ServerReadyResponse', { ready: one(1, 'bool') });
export const ModelReadyRequest = modelNamed('ModelReadyRequest');
export const ModelReadyResponse = message('inference.ModelReadyResponse', { ready: one(1, 'bool') });

export const ServerMetadataResponse = message('inference.ServerMetadataResponse', {
  name: one(1, 'string'),
  version: one(2, 'string'),
  extensions: many(3, 'string'),
});

const TensorMetadata = message('inference.ModelMetadataResponse.TensorMetadata', {
  name: one(1, 'string'),
  datatype: one(2, 'string'),
  shape: many(3, 'size'),
});
export const ModelMetadataRequest = modelNamed('ModelMetadataRequest');
export const ModelMetadataResponse = message('inference.ModelMetadataResponse', {
  name: one(1, 'string'),
  versions: many(2, 'string'),
  platform: one(3, 'string'),
  inputs: many(4, TensorMetadata),
  outputs: many(5, TensorMetadata),
});

export const DataType = {
  name: 'inference.DataType',
  values: {
    TYPE_INVALID: 0,
    TYPE_BOOL: 1,
    TYPE_UINT8: 2,
    TYPE_UINT16: 3,
    TYPE_UINT32: 4,
    TYPE_UINT64: 5,
    TYPE_INT8: 6,
    TYPE_INT16: 7,
    TYPE_INT32: 8,
    TYPE_INT64: 9,
    TYPE_FP16: 10,
    TYPE_FP32: 11,
    TYPE_FP64: 12,
    TYPE_STRING: 13,
    TYPE_BF16: 14,
  },
} as const;

const ModelInput = message('inference.ModelInput', {
  name: one(1, 'string'),
  data_type: enumerated(2, DataType),
  dims: many(4, 'size'),
});
const ModelOutput = message('inference.ModelOutput', {
  name: one(1, 'string'),
  data_type: enumerated(2, DataType),
  dims: many(3, 'size'),
  label_filename: one(4, 'string'),
});
const VersionsServed = message('inference.ModelVersionPolicy.Specific', { versions: integers(1, 'int64') });
const ModelVersionPolicy = message(
  'inference.ModelVersionPolicy',
  { specific: optional(3, VersionsServed) },
  { policy_choice: ['specific'] },
);
const ModelConfig = message('inference.ModelConfig', {
  name: one(1, 'string'),
  platform: one(2, 'string'),
  backend: one(17, 'string'),
  version_policy: optional(3, ModelVersionPolicy),
  max_batch_size: one(4, 'int32'),
  input: many(5, ModelInput),
  output: many(6, ModelOutput),
});
export const ModelConfigRequest = modelNamed('ModelConfigRequest');
export const ModelConfigResponse = message('inference.ModelConfigResponse', { config: optional(1, ModelConfig) });

const StatisticDuration = message('inference.StatisticDuration', { count: one(1, 'uint64'), ns: one(2, 'uint64') });
const InferStatistics = message('inference.InferStatistics', {
  success: optional(1, StatisticDuration),
  fail: optional(2, StatisticDuration),
  queue: optional(3, StatisticDuration),
  compute_input: optional(4, StatisticDuration),
  compute_infer: optional(5, StatisticDuration),
  compute_output: optional(6, StatisticDuration),
  cache_hit: optional(7, StatisticDuration),
  cache_miss: optional(8, StatisticDuration),
});
const ModelStatistics = message('inference.ModelStatistics', {
  name: one(1, 'string'),
  version: one(2, 'string'),
  last_inference: one(3, 'uint64'),
  inference_count: one(4, 'uint64'),
  execution_count: one(5, 'uint64'),
  inference_stats: optional(6, InferStatistics),
});
export const ModelStatisticsRequest = modelNamed('ModelStatisticsRequest');
export const ModelStatisticsResponse = message('inference.ModelStatisticsResponse', {
  model_stats: many(1, ModelStatistics),
});

const ModelIndex = message('inference.RepositoryIndexResponse.ModelIndex', {
  name: one(1, 'string'),
  version: one(2, 'string'),
  state: one(3, 'string'),
  reason: one(4, 'string'),
});
export const RepositoryIndexRequest = message('inference.RepositoryIndexRequest', {
  repository_name: one(1, 'string'),
  ready: one(2, 'bool'),
});
export const RepositoryIndexResponse = message('inference.RepositoryIndexResponse', { models: many(1, ModelIndex) });

const ModelRepositoryParameter = message(
  'inference.ModelRepositoryParameter',
  {
    bool_param: optional(1, 'bool'),
    int64_param: optional(2, 'int64'),
    string_param: optional(3, 'string'),
    bytes_param: optional(4, 'bytes'),
  },
  { parameter_choice: ['bool_param', 'int64_param', 'string_param', 'bytes_param'] },
);
const modelOf = (name: string) =>
  message(`inference.${name}`, {
    repository_name: one(1, 'string'),
    model_name: one(2, 'string'),
    parameters: map(3, ModelRepositoryParameter),
  });
export const RepositoryModelLoadRequest = modelOf('RepositoryModelLoadRequest');
export const RepositoryModelUnloadRequest = modelOf('RepositoryModelUnloadRequest');

const SystemRegion = message('inference.SystemSharedMemoryStatusResponse.RegionStatus', {
  name: one(1, 'string'),
  key: one(2, 'string'),
  offset: one(3, 'uint64'),
  byte_size: one(4, 'uint64'),
});
export const SystemSharedMemoryStatusResponse = message('inference.SystemSharedMemoryStatusResponse', {
  regions: map(1, SystemRegion),
});
const SystemSharedMemoryRegisterRequest = message('inference.SystemSharedMemoryRegisterRequest', {
  name: one(1, 'string'),
  key: one(2, 'string'),
  offset: one(3, 'uint64'),
  byte_size: one(4, 'uint64'),
});

const CudaRegion = message('inference.CudaSharedMemoryStatusResponse.RegionStatus', {
  name: one(1, 'string'),
  device_id: one(2, 'uint64'),
  byte_size: one(3, 'uint64'),
});
export const CudaSharedMemoryStatusResponse = message('inference.CudaSharedMemoryStatusResponse', {
  regions: map(1, CudaRegion),
});
const CudaSharedMemoryRegisterRequest = message('inference.CudaSharedMemoryRegisterRequest', {
  name: one(1, 'string'),
  raw_handle: one(2, 'bytes'),
  device_id: one(3, 'int64'),
  byte_size: one(4, 'uint64'),
});

const setting = (name: string) => message(`inference.${name}.SettingValue`, { value: many(1, 'string') });
const TraceSettingRequest = message('inference.TraceSettingRequest', {
  settings: map(1, setting('TraceSettingRequest')),
  model_name: one(2, 'string'),
});
const TraceSettingResponse = message('inference.TraceSettingResponse', {
  settings: map(1, setting('TraceSettingResponse')),
});
const logSettings = (name: string) =>
  message(`inference.${name}`, {
    settings: map(
      1,
      message(
        `inference.${name}.SettingValue`,
        { bool_param: optional(1, 'bool'), uint32_param: optional(2, 'uint32'), string_param: optional(3, 'string') },
        { parameter_choice: ['bool_param', 'uint32_param', 'string_param'] },
      ),
    ),
  });

export const GRPCInferenceService = {
  name: 'inference.GRPCInferenceService',
  methods: {
    ServerLive: unary(empty('ServerLiveRequest'), ServerLiveResponse),
    ServerReady: unary(empty('ServerReadyRequest'), ServerReadyResponse),
    ModelReady: unary(ModelReadyRequest, ModelReadyResponse),
    ServerMetadata: unary(empty('ServerMetadataRequest'), ServerMetadataResponse),
    ModelMetadata: unary(ModelMetadataRequest, ModelMetadataResponse),
    ModelInfer: unary(ModelInferRequest, ModelInferResponse),
    ModelStreamInfer: streaming(ModelInferRequest, ModelStreamInferResponse),
    ModelConfig: unary(ModelConfigRequest, ModelConfigResponse),
    ModelStatistics: unary(ModelStatisticsRequest, ModelStatisticsResponse),
    RepositoryIndex: unary(RepositoryIndexRequest, RepositoryIndexResponse),
    RepositoryModelLoad: unary(RepositoryModelLoadRequest, empty('RepositoryModelLoadResponse')),
    RepositoryModelUnload: unary(RepositoryModelUnloadRequest, empty('RepositoryModelUnloadResponse')),
    SystemSharedMemoryStatus: unary(named('SystemSharedMemoryStatusRequest'), SystemSharedMemoryStatusResponse),
    SystemSharedMemoryRegister: unary(SystemSharedMemoryRegisterRequest, empty('SystemSharedMemoryRegisterResponse')),
    SystemSharedMemoryUnregister: unary(
      named('SystemSharedMemoryUnregisterRequest'),
      empty('SystemSharedMemoryUnregisterResponse'),
    ),
    CudaSharedMemoryStatus: unary(named('CudaSharedMemoryStatusRequest'), CudaSharedMemoryStatusResponse),
    CudaSharedMemoryRegister: unary(CudaSharedMemoryRegisterRequest, empty('CudaSharedMemoryRegisterResponse')),
    CudaSharedMemoryUnregister: unary(
      named('CudaSharedMemoryUnregisterRequest'),
      empty('CudaSharedMemoryUnregisterResponse'),
    ),
    TraceSetting: unary(TraceSettingRequest, TraceSettingResponse),
    LogSettings: unary(logSettings('LogSettingsRequest'), logSettings('LogSettingsResponse')),
  },
} as const satisfies Service;
