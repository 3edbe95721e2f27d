/**
 * `/openapi.json` and the browsable page at `/docs`. Both load on first use: the page's libraries would cost a fifth of a second of
 * start. They live in an app of their own, which never listens, and need nothing from the internet.
 */
import type { FastifyInstance } from 'fastify';
import type { Described } from './openapi.ts';

export function addDocs(app: FastifyInstance, described: Described): void {
  let page: Promise<FastifyInstance> | undefined;
  app.get('/openapi.json', async (_request, reply) => {
    const { openApiDocument } = await import('./openapi.ts');
    return reply.header('content-type', 'application/json').send(JSON.stringify(openApiDocument(described)));
  });
  const show = async (request: { raw: unknown }, reply: { raw: unknown; hijack(): unknown }): Promise<void> => {
    page ??= openPage(described);
    const { routing } = await page;
    reply.hijack();
    routing(request.raw as Parameters<typeof routing>[0], reply.raw as Parameters<typeof routing>[1]);
  };
  app.get('/docs', show);
  app.get('/docs/*', show);
  app.addHook('onClose', async () => {
    if (page !== undefined) await (await page).close();
  });
}

async function openPage(described: Described): Promise<FastifyInstance> {
  const [{ fastify }, { default: swagger }, { default: swaggerUi }, { openApiDocument }] = await Promise.all([
    import('fastify'),
    import('@fastify/swagger'),
    import('@fastify/swagger-ui'),
    import('./openapi.ts'),
  ]);
  const app = fastify({ logger: false });
  await app.register(swagger, { mode: 'static', specification: { document: openApiDocument(described) as never } });
  await app.register(swaggerUi, { routePrefix: '/docs', uiConfig: { validatorUrl: null } });
  await app.ready();
  return app;
}
