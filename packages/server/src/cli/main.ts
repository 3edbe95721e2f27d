#!/usr/bin/env node
/** The `floe` command. Each command's code is loaded only when it runs, so that none pays for another's start. */
import './prepare-process.ts';
import process from 'node:process';

const { run } = await import('./program.ts');
process.exitCode = await run(process.argv);
