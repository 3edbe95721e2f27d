/**
 * The least that a first answer needs: Node.js, the engine, one session, one run on zeros. Prints a line when that is done.
 * usage: node first-run.mjs MODEL.onnx     JavaScript, so that stripping types is not in its time
 */
import process from 'node:process';
import { openEngine } from '../../packages/server/dist/engine/index.js';

const engine = await openEngine({ kind: 'onnxruntime' });
const session = await engine.open(process.argv[2], { intraOpThreads: 1 });
const feeds = session.inputs.map(({ name, dtype, shape }) => {
  const row = shape.map((dim) => Math.max(1, dim));
  const data = new Float32Array(row.reduce((product, dim) => product * dim, 1));
  return [name, { dtype, shape: row, data }];
});
const fetches = session.outputs.map(({ name }) => name);
await session.run(new Map(feeds), fetches);
process.stdout.write('ran\n');
await engine.close();
