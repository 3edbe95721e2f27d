/** What has to be so before anything else of a command is loaded; imported for that alone. */
import { enableCompileCache } from 'node:module';
import { availableParallelism } from 'node:os';
import process from 'node:process';

// libuv reads this when its pool is first used, which is after this line: native runs must leave threads for files and DNS.
process.env['UV_THREADPOOL_SIZE'] ??= String(2 * availableParallelism() + 4);
enableCompileCache();
