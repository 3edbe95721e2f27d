/** What the Open Inference Protocol says of models over gRPC: metadata, configuration, repository, statistics. */
import type { ServableInfo } from '../../core/inference.ts';
import {
  DataType,
  ModelConfigResponse,
  ModelMetadataResponse,
  ModelStatisticsResponse,
  RepositoryIndexResponse,
} from '../proto/inference.ts';
import {
  type IndexedModel,
  modelConfig,
  modelMetadata,
  modelStatistics,
  repositoryIndex,
  type Statistics,
} from '../v2-rest/models.ts';

/** `versions` are those that serve, ascending. */
export function metadataMessage(servable: ServableInfo, versions: readonly number[]): Uint8Array {
  return ModelMetadataResponse.encode(modelMetadata(servable, versions));
}

export function configMessage(servable: ServableInfo, versions: readonly number[]): Uint8Array {
  const { input, output, ...config } = modelConfig(servable, versions);
  return ModelConfigResponse.encode({
    config: {
      ...config,
      version_policy: { specific: { versions: BigInt64Array.from(versions, BigInt) } },
      input: input.map((tensor) => ({ ...tensor, data_type: numberOf(tensor.data_type) })),
      output: output.map((tensor) => ({ ...tensor, data_type: numberOf(tensor.data_type) })),
    },
  });
}

function numberOf(type: string): number {
  return (DataType.values as Readonly<Record<string, number>>)[type] ?? 0;
}

export function indexMessage(models: readonly IndexedModel[], unloaded: readonly string[], ready: boolean): Uint8Array {
  return RepositoryIndexResponse.encode({ models: repositoryIndex(models, unloaded, ready) });
}

export function statisticsMessage(all: readonly Statistics[]): Uint8Array {
  return ModelStatisticsResponse.encode({
    model_stats: all.map(modelStatistics).map(({ inference_stats: stats, ...one }) => ({
      ...one,
      last_inference: BigInt(one.last_inference),
      inference_count: BigInt(one.inference_count),
      execution_count: BigInt(one.execution_count),
      inference_stats: {
        success: whole(stats.success),
        fail: whole(stats.fail),
        queue: whole(stats.queue),
        compute_input: whole(stats.compute_input),
        compute_infer: whole(stats.compute_infer),
        compute_output: whole(stats.compute_output),
        cache_hit: whole(stats.cache_hit),
        cache_miss: whole(stats.cache_miss),
      },
    })),
  });
}

function whole({ count, ns }: { readonly count: number; readonly ns: number }): { count: bigint; ns: bigint } {
  return { count: BigInt(count), ns: BigInt(ns) };
}
