/** Which version serves, by a person's decision, whatever checks and trials say: kept in the repository with who decided and why. */
import { invalid } from '@floe/graph/base';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ModelRepository } from '../../registry/repository.ts';
import { objectIn } from './admin-body.ts';

export type Releases = Pick<ModelRepository, 'promote' | 'rollback' | 'audit' | 'channels'>;

interface ReleasesDeps {
  readonly releases: () => Promise<Releases>;
  /** Name of who asks. */
  readonly caller: (request: FastifyRequest) => string;
}

export function addReleases(app: FastifyInstance, { releases, caller }: ReleasesDeps): void {
  app.post('/admin/models/:model/promote', async (request) => {
    const { version, why } = objectIn(request.body);
    if (!Number.isSafeInteger(version)) throw invalid('the body has to say a version', { field: 'version' });
    return (await releases()).promote(modelOf(request), version as number, { by: caller(request), why: textOf(why) });
  });
  app.post('/admin/models/:model/rollback', async (request) => {
    const { why } = objectIn(request.body);
    return (await releases()).rollback(modelOf(request), { by: caller(request), why: textOf(why) });
  });
  app.get('/admin/models/:model/audit', async (request) => {
    const model = modelOf(request);
    const repository = await releases();
    return { model, channels: await repository.channels(model), audit: await repository.audit(model) };
  });
}

function modelOf(request: FastifyRequest): string {
  return (request.params as { model: string }).model;
}

function textOf(why: unknown): string {
  if (why === undefined) return '';
  if (typeof why === 'string') return why;
  throw invalid('why is a text', { field: 'why' });
}
