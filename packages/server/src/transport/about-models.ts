/** What may be asked about models, the same over HTTP and gRPC: which versions serve, what became of requests, what is there. */
import type { IndexedModel, Statistics } from '../codec/v2-rest/models.ts';
import type { ModelRef, Models } from '../core/inference.ts';
import type { RecentRequests } from './recent-requests.ts';

/** Ascending. Throws NOT_FOUND. */
export function servingVersions(models: Models, ref: ModelRef): number[] {
  const serving = models.status(ref).filter(({ state }) => state === 'AVAILABLE');
  return serving.map(({ version }) => version).sort((a, b) => a - b);
}

/** Of a version, of all that a model has, or of all models. Throws NOT_FOUND. */
export function statisticsOf(models: Models, recent: RecentRequests, ref?: ModelRef): Statistics[] {
  const refs = ref === undefined ? models.names().map((name) => ({ name })) : [ref];
  return refs.flatMap((one) =>
    servingVersions(models, one).map((version) => ({
      model: one.name,
      version,
      ...recent.totals.of(one.name, version),
    })),
  );
}

export function indexedModels(models: Models): IndexedModel[] {
  return models.names().map((name) => ({ name, versions: models.status({ name }) }));
}
