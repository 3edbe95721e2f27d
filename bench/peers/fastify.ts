/** An empty fastify handler: parses the JSON body by fastify's own parser and answers a small constant. Prints its port. */
import process from 'node:process';
import { fastify } from 'fastify';

const app = fastify();
app.post('/v2/models/:model/infer', (_request, reply) => {
  reply.send({ ok: true });
});
const address = await app.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`${new URL(address).port}\n`);
process.once('SIGTERM', () => app.close());
