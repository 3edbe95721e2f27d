/**
 * Asks a server without a pause, four at a time, until it is gone. Fails if a request that the server had taken got no whole
 * answer; being refused a connection is how it ends. Prints `started` after the first answer. usage: node load.mjs URL
 */
import http from 'node:http';
import process from 'node:process';

const [url] = process.argv.slice(2);
const DEADLINE = Date.now() + 60_000;
const body = JSON.stringify({ instances: Array.from({ length: 16 }, () => image()) });
let answered = 0;

function image() {
  return Array.from({ length: 28 }, () => Array.from({ length: 28 }, () => [0.5]));
}

/** The status of one answer, or `refused`. A connection of its own each, so that none is lost to an idle one being closed. */
function ask() {
  return new Promise((resolve, reject) => {
    const request = http.request(`${url}/v1/models/digits:predict`, { method: 'POST', agent: false });
    request.on('response', (response) => {
      response
        .resume()
        .on('end', () => (response.complete ? resolve(response.statusCode) : reject(new Error('half an answer'))));
      response.on('error', reject);
    });
    request.on('error', (error) => (error.code === 'ECONNREFUSED' ? resolve('refused') : reject(error)));
    request.end(body);
  });
}

async function askUntilGone() {
  while (Date.now() < DEADLINE) {
    const status = await ask();
    // While draining, a server may also turn new work away by 503.
    if (status === 'refused' || status === 503) return;
    if (status !== 200) throw new Error(`status ${status}`);
    answered += 1;
    if (answered === 1) process.stdout.write('started\n');
  }
  throw new Error('the server never went');
}

await Promise.all(Array.from({ length: 4 }, askUntilGone));
process.stdout.write(`${answered} answered\n`);
