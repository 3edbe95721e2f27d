#!/usr/bin/env node
/** The `tensorflow_model_server` command: see `model-server/run.ts`. */
import { enableCompileCache } from 'node:module';
import { availableParallelism } from 'node:os';
import process from 'node:process';

// As in `main.ts`: libuv reads this when its pool is first used.
process.env['UV_THREADPOOL_SIZE'] ??= String(2 * availableParallelism() + 4);
enableCompileCache();
const { runModelServer } = await import('./model-server/run.ts');
process.exitCode = await runModelServer(process.argv.slice(2));
