/** The files of TensorFlow Serving's configuration: protobuf text, read by tables of field numbers. */
import { readFile } from 'node:fs/promises';
import { FloeError, parseText } from '@floe/graph';
import { type Message, message, one, optional } from '@floe/graph/proto';
import { ModelServerConfig } from '../../codec/proto/tensorflow-serving.ts';
import { modelsIn } from '../../codec/tfs-grpc/reload.ts';
import type { Listed } from '../../registry/listed-source.ts';
import { unreadable } from '../../store/unreadable.ts';

const Int64Value = message('google.protobuf.Int64Value', { value: one(1, 'int64') });

/** Source: servables/tensorflow/session_bundle_config.proto. */
const BatchingParameters = message('tensorflow.serving.BatchingParameters', {
  max_batch_size: optional(1, Int64Value),
  batch_timeout_micros: optional(2, Int64Value),
  max_enqueued_batches: optional(3, Int64Value),
  num_batch_threads: optional(4, Int64Value),
});

/** Source: config/ssl_config.proto. */
const SslConfig = message('tensorflow.serving.SSLConfig', {
  server_key: one(1, 'string'),
  server_cert: one(2, 'string'),
  custom_ca: one(3, 'string'),
  client_verify: one(4, 'bool'),
});

const PrometheusConfig = message('tensorflow.serving.PrometheusConfig', {
  enable: one(1, 'bool'),
  path: one(2, 'string'),
});
/** Source: config/monitoring_config.proto. */
const MonitoringConfig = message('tensorflow.serving.MonitoringConfig', {
  prometheus_config: optional(1, PrometheusConfig),
});

export interface Ssl {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
  /** Authorities of clients that have to show a certificate; absent: none. */
  readonly clientCa?: string;
}

/** Throws NOT_FOUND, DATA_LOSS naming line and column, INVALID_ARGUMENT naming the field. */
export async function readModelConfig(file: string): Promise<readonly Listed[]> {
  const config = await readText(ModelServerConfig, file);
  return modelsIn({ config, metric_names: [] }).map(({ name, basePath, versions, labels }) => ({
    name,
    basePath,
    ...versions,
    labels,
  }));
}

/** Milliseconds that a request may wait for others; undefined where it is not said. */
export async function readBatchDelay(file: string): Promise<number | undefined> {
  const { batch_timeout_micros: micros } = await readText(BatchingParameters, file);
  return micros === undefined ? undefined : Number(micros.value) / 1000;
}

export async function readSsl(file: string): Promise<Ssl> {
  const { server_key: key, server_cert: cert, custom_ca: ca, client_verify: verify } = await readText(SslConfig, file);
  if (key === '' || cert === '') throw missing(file, key === '' ? 'server_key' : 'server_cert');
  if (verify && ca === '') throw missing(file, 'custom_ca');
  return { key, cert, ...(verify ? { clientCa: ca } : {}) };
}

/** Where metrics are wanted; undefined where they are not. */
export async function readMetricsPath(file: string): Promise<string | undefined> {
  const { prometheus_config: prometheus } = await readText(MonitoringConfig, file);
  return prometheus?.enable === true ? prometheus.path || '/monitoring/prometheus/metrics' : undefined;
}

async function readText<T>(of: Message<T>, file: string): Promise<T> {
  const bytes = await readFile(file).catch(unreadable(file));
  return parseText(of, bytes, file);
}

function missing(file: string, field: string): FloeError {
  return new FloeError('INVALID_ARGUMENT', `${file}: ${field} is missing`, { file, field });
}
