/**
 * The command line of TensorFlow Serving's `tensorflow_model_server`: which of its flags mean what here, which mean nothing here, and how they are
 * written (`--flag=value`, `--flag value`, `--switch`). Source: model_servers/main.cc of TensorFlow Serving 2.19.
 */
import { FloeError } from '@floe/graph/base';

type Kind = 'text' | 'number' | 'switch';

/** Flags that this server goes by. */
const KNOWN = {
  port: 'number',
  grpc_socket_path: 'text',
  rest_api_port: 'number',
  model_name: 'text',
  model_base_path: 'text',
  model_config_file: 'text',
  model_config_file_poll_wait_seconds: 'number',
  file_system_poll_wait_seconds: 'number',
  enable_batching: 'switch',
  batching_parameters_file: 'text',
  ssl_config_file: 'text',
  monitoring_config_file: 'text',
  tensorflow_session_parallelism: 'number',
  tensorflow_intra_op_parallelism: 'number',
  allow_version_labels_for_unavailable_models: 'switch',
  rest_api_enable_cors_support: 'switch',
  version: 'switch',
} as const satisfies Readonly<Record<string, Kind>>;

/** Flags that are taken and mean nothing here, for the reason that is told. */
const WITHOUT_EFFECT: Readonly<Record<string, { readonly kind: Kind; readonly why: string }>> = {
  rest_api_num_threads: { kind: 'number', why: 'HTTP needs no threads of its own' },
  rest_api_timeout_in_ms: { kind: 'number', why: 'a request says its own deadline (X-Request-Timeout-Ms)' },
  num_load_threads: { kind: 'number', why: 'loads fit the CPUs' },
  num_unload_threads: { kind: 'number', why: 'loads fit the CPUs' },
  max_num_load_retries: { kind: 'number', why: 'a version that fails is tried again when its files change' },
  load_retry_interval_micros: { kind: 'number', why: 'a version that fails is tried again when its files change' },
  flush_filesystem_caches: { kind: 'switch', why: 'weights are mapped, not copied' },
  tensorflow_inter_op_parallelism: { kind: 'number', why: 'the engine runs ops one after the other' },
  use_alts_credentials: { kind: 'switch', why: 'there is no ALTS' },
  platform_config_file: { kind: 'text', why: 'there is one platform' },
  per_process_gpu_memory_fraction: { kind: 'number', why: 'inference runs on the CPU' },
  saved_model_tags: { kind: 'text', why: 'the MetaGraph for serving is taken' },
  grpc_channel_arguments: { kind: 'text', why: 'gRPC is not the C++ library' },
  grpc_max_threads: { kind: 'number', why: 'gRPC needs no threads of its own' },
  enable_model_warmup: { kind: 'switch', why: 'warm-up requests that come along are always answered first' },
  num_request_iterations_for_warmup: { kind: 'number', why: 'nothing gets warmer by another time' },
  remove_unused_fields_from_bundle_metagraph: { kind: 'switch', why: 'only what runs is kept' },
  prefer_tflite_model: { kind: 'switch', why: 'TensorFlow Lite models are not read' },
  num_tflite_pools: { kind: 'number', why: 'TensorFlow Lite models are not read' },
  num_tflite_interpreters_per_pool: { kind: 'number', why: 'TensorFlow Lite models are not read' },
  enable_signature_method_name_check: { kind: 'switch', why: 'signatures are asked by what they take' },
  xla_cpu_compilation_enabled: { kind: 'switch', why: 'models are compiled anyhow' },
  enable_profiler: { kind: 'switch', why: 'the admin API explains requests' },
  thread_pool_factory_config_file: { kind: 'text', why: 'the pool fits the CPUs' },
  mixed_precision: { kind: 'text', why: 'models run as they were trained' },
  skip_initialize_tpu: { kind: 'switch', why: 'there is no TPU' },
  enable_grpc_healthcheck_service: { kind: 'switch', why: 'it is always there' },
  enable_per_model_batching_parameters: { kind: 'switch', why: 'batches fit each model by themselves' },
};

export type ModelServerFlags = {
  readonly [Name in keyof typeof KNOWN]?: (typeof KNOWN)[Name] extends 'text'
    ? string
    : (typeof KNOWN)[Name] extends 'number'
      ? number
      : boolean;
};

export interface ParsedFlags {
  readonly flags: ModelServerFlags;
  /** Sentences about flags that mean nothing here. */
  readonly warnings: readonly string[];
}

/** Throws INVALID_ARGUMENT naming the flag. */
export function parseFlags(args: readonly string[]): ParsedFlags {
  const flags: Record<string, string | number | boolean> = {};
  const warnings: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const [, name = '', given] = /^--?([a-z0-9_]+)(?:=(.*))?$/is.exec(args[at] ?? '') ?? [];
    const without = Object.hasOwn(WITHOUT_EFFECT, name) ? WITHOUT_EFFECT[name] : undefined;
    const kind = without?.kind ?? (Object.hasOwn(KNOWN, name) ? KNOWN[name as keyof typeof KNOWN] : undefined);
    if (kind === undefined) throw wrong(args[at] ?? '', 'unknown argument');
    const next = args[at + 1];
    const follows = given === undefined && kind !== 'switch' && next !== undefined && !/^--[a-z]/i.test(next);
    if (follows) at++;
    const value = readValue(name, kind, given ?? (follows ? next : undefined));
    if (without === undefined) flags[name] = value;
    else warnings.push(`--${name} has no effect: ${without.why}`);
  }
  return { flags: flags as ModelServerFlags, warnings };
}

function readValue(name: string, kind: Kind, text: string | undefined): string | number | boolean {
  if (kind === 'switch') return truth(name, text);
  if (text === undefined) throw wrong(`--${name}`, 'a value is missing');
  if (kind === 'text') return text;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw wrong(`--${name}`, `${text} is no number`);
  return value;
}

function truth(name: string, text = 'true'): boolean {
  if (/^(true|1)$/i.test(text)) return true;
  if (/^(false|0)$/i.test(text)) return false;
  throw wrong(`--${name}`, `${text} is neither true nor false`);
}

function wrong(flag: string, why: string): FloeError {
  return new FloeError('INVALID_ARGUMENT', `${flag}: ${why}`, { field: flag });
}

/** One line for each flag. */
export function usage(): string {
  const known = Object.entries(KNOWN).map(([name, kind]) => `  --${name}=<${kind}>`);
  const others = Object.entries(WITHOUT_EFFECT).map(([name, { why }]) => `  --${name}    no effect: ${why}`);
  return ['usage: tensorflow_model_server', ...known, ...others].join('\n');
}
