/**
 * Holds requests half sent while a server is told to stop, and sends the rest once it takes no more connections: all of them have to
 * be answered. Prints `half sent` when it is time to stop the server. usage: node drain.mjs URL
 */
import assert from 'node:assert/strict';
import http from 'node:http';
import process from 'node:process';

const [url] = process.argv.slice(2);
const REQUESTS = 8;
const DEADLINE = Date.now() + 60_000;
const body = JSON.stringify({ instances: [Array.from({ length: 28 }, () => Array.from({ length: 28 }, () => [0.5]))] });
const half = body.length >> 1;

/** A request on a connection of its own, whose second half is sent by `finish`. */
function open() {
  const headers = { 'content-type': 'application/json', 'content-length': body.length };
  const request = http.request(`${url}/v1/models/digits:predict`, { method: 'POST', agent: false, headers });
  const answer = new Promise((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      response.on('error', reject);
      response.resume().on('end', () => resolve(response.complete ? response.statusCode : 'half an answer'));
    });
  });
  const sent = new Promise((resolve) => request.write(body.slice(0, half), resolve));
  return { sent, answer, finish: () => request.end(body.slice(half)) };
}

/** Whether the server still answers on a new connection. */
function isThere() {
  return fetch(`${url}/v2/health/live`, { headers: { connection: 'close' } }).then(
    async (response) => {
      await response.arrayBuffer();
      return true;
    },
    () => false,
  );
}

const requests = Array.from({ length: REQUESTS }, open);
await Promise.all(requests.map((request) => request.sent));
// The server takes connections in their order: once it answers this one, it holds the others.
assert.ok(await isThere(), 'the server does not answer');
process.stdout.write('half sent\n');
while (await isThere()) assert.ok(Date.now() < DEADLINE, 'the server never stopped listening');
for (const request of requests) request.finish();
const statuses = await Promise.all(requests.map((request) => request.answer));
assert.deepEqual(statuses, new Array(REQUESTS).fill(200));
process.stdout.write(`${REQUESTS} answered\n`);
