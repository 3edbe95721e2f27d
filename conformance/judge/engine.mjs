// The engine by itself, one thread: reads lines of JSON, {"open": model.onnx, "feeds": {tensor: {dtype, shape, data in base64}}} and
// {"runs": n}, and answers each by a line: {"seconds"} or {"error"}.
import { createInterface } from 'node:readline';
import { numericView } from '../../packages/graph/dist/base.js';
import { openEngine } from '../../packages/server/dist/engine/index.js';

const engine = await openEngine({ kind: 'onnxruntime', slots: 1 });
let session;
let feeds;

for await (const line of createInterface({ input: process.stdin })) {
  const reply = await answer(JSON.parse(line)).catch((error) => ({ error: error.message }));
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
await engine.close();

async function answer(question) {
  return 'open' in question ? open(question) : run(question.runs);
}

async function open({ open: path, feeds: given }) {
  await session?.close();
  session = await engine.open(path, { intraOpThreads: 1 });
  feeds = new Map(Object.entries(given).map(([name, feed]) => [name, tensorOf(feed)]));
  return { seconds: 0 };
}

function tensorOf({ dtype, shape, data }) {
  return { dtype, shape, data: numericView(dtype, Buffer.from(data, 'base64')) };
}

async function run(runs) {
  const fetches = session.outputs.map(({ name }) => name);
  const started = performance.now();
  for (let i = 0; i < runs; i++) await session.run(feeds, fetches);
  return { seconds: (performance.now() - started) / 1000 };
}
