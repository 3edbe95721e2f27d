#!/usr/bin/env node
/** The `tensorflow_model_server` command: see `model-server/run.ts`. */
import './prepare-process.ts';
import process from 'node:process';

const { runModelServer } = await import('./model-server/run.ts');
process.exitCode = await runModelServer(process.argv.slice(2));
