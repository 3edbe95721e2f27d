/** A server with everything built in, to be killed: `node embedded-server.ts FOLDER`. Prints where it is once it serves. */
import { join } from 'node:path';
import process from 'node:process';
import { pino } from 'pino';
import { startServer } from '../../packages/server/dist/cli/server.js';
import { resolveConfig } from '../../packages/server/dist/core/config.js';

const folder = process.argv[2] ?? '';
const options = {
  models: join(folder, 'models'),
  sql: join(folder, 'sql'),
  cacheDir: join(folder, 'cache'),
  httpPort: 0,
  adminPort: 0,
  grpcPort: 'off',
  allInOne: true,
};
const place = { inContainer: false };
const server = await startServer(resolveConfig(options, {}, {}), pino({ level: 'silent' }), place);
console.log(JSON.stringify({ http: server.http, admin: server.admin }));
process.on('SIGTERM', () => void server.close().then(() => process.exit(0)));
