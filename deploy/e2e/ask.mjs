/**
 * Asks a running server about the digits example, over the protocols that a container publishes. A line per check; `asked` at the
 * end says that none was skipped. usage: node ask.mjs URL
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';

const [url] = process.argv.slice(2);
const images = new URL('../../examples/digits/images/', import.meta.url);
const say = (line) => process.stdout.write(`${line}\n`);

async function check(name, work) {
  try {
    await work();
    say(`ok ${name}`);
  } catch (error) {
    say(`not ok ${name}: ${String(error.message).replaceAll('\n', ' ')}`);
  }
}

async function ask(path, init) {
  const response = await fetch(`${url}${path}`, init);
  const text = await response.text();
  assert.ok(response.ok, `${path}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

function post(path, type, body) {
  return ask(path, { method: 'POST', headers: { 'content-type': type }, body });
}

/** 28 rows of 28 pixels of one channel: an upright stroke, which is a one. */
function stroke() {
  const row = Array.from({ length: 28 }, (_, x) => [x === 13 || x === 14 ? 1 : 0]);
  const empty = Array.from({ length: 28 }, () => [0]);
  return Array.from({ length: 28 }, (_, y) => (y > 4 && y < 23 ? row : empty));
}

await check('it says that it is ready', async () => {
  await ask('/v2/health/live');
  await ask('/v2/health/ready');
  await ask('/v2/models/digits/ready');
});

await check('it reads pictures', async () => {
  for (const file of readdirSync(images).filter((name) => name.endsWith('-a.png'))) {
    const reply = await post('/v1/models/digits:predict', 'image/png', readFileSync(new URL(file, images)));
    assert.equal(reply.predictions[0].label, file[0], file);
  }
});

await check('it predicts over TensorFlow Serving REST', async () => {
  const body = JSON.stringify({ instances: [stroke(), stroke()] });
  const { predictions } = await post('/v1/models/digits:predict', 'application/json', body);
  assert.deepEqual(
    predictions.map((row) => row.klass),
    [1, 1],
  );
});

await check('it predicts over Open Inference V2 REST', async () => {
  const input = { name: 'x', shape: [1, 28, 28, 1], datatype: 'FP32', data: stroke().flat(2) };
  const reply = await post('/v2/models/digits/infer', 'application/json', JSON.stringify({ inputs: [input] }));
  const klass = reply.outputs.find((output) => output.name === 'klass');
  assert.deepEqual(klass.data, [1]);
});

await check('it states its metrics', async () => {
  const response = await fetch(`${url}/metrics`);
  assert.match(await response.text(), /^# HELP /m);
});

say('asked');
