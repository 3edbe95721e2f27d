/** Asks a running server about a digit and says what it was: `node examples/client/ask.ts http://127.0.0.1:8501`. */
import { readFileSync } from 'node:fs';
import { Floe, fromNested, toNested } from '@floe/client';

const floe = new Floe(process.argv[2] ?? 'http://127.0.0.1:8501', { timeoutMs: 5000 });

// Tensors, as raw bytes: a blank picture.
const blank = fromNested([Array.from({ length: 28 }, () => Array.from({ length: 28 }, () => [0]))]);
const { outputs, version, cache } = await floe.infer('digits', { x: blank }, { outputs: ['klass'] });
console.log(`version ${version} says ${outputs['klass'] && toNested(outputs['klass'])} (${cache})`);

// A picture, for a model that says how it takes them.
const picture = readFileSync(new URL('../digits/images/7-a.png', import.meta.url));
const { predictions, requestId } = await floe.predictImage('digits', new Blob([picture]), 'image/png');
console.log(requestId, JSON.stringify(predictions));
