#!/usr/bin/env node
/** The `floe` command. Each command's code is loaded only when it runs, so that none pays for another's start. */
import { enableCompileCache } from 'node:module';
import { availableParallelism } from 'node:os';
import process from 'node:process';

// libuv reads this when its pool is first used, which is after this line: native runs must leave threads for files and DNS.
process.env['UV_THREADPOOL_SIZE'] ??= String(2 * availableParallelism() + 4);
enableCompileCache();
const { run } = await import('./program.ts');
process.exitCode = await run(process.argv);
