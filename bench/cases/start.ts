/**
 * From process start to the first answer, for frozen and compiled models. The peer is the least that a first answer needs: Node.js,
 * the engine's session on the same graph, one run (`peers/first-run.mjs`).
 */
import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Case } from '../lib/case.ts';
import { firstLine, output, startNode, stop } from '../lib/children.ts';
import type { Model, ModelName } from '../lib/models.ts';
import { FIRST_RUN_PEER, MAIN, WRAPPER } from '../lib/paths.ts';
import { freePort } from '../lib/ports.ts';
import type { Figure } from '../lib/report.ts';
import { v2Binary } from '../lib/requests.ts';
import { closeServer, serveArguments } from '../lib/server.ts';
import { inTurns, median, medianOf } from '../lib/stats.ts';

const MOST_MS = 60_000;
const RETRY_MS = 3;

/**
 * Milliseconds aimed at. The ratios' limits are these over what the peer took in a run on the machine of the stored results (0.45 and
 * 0.11 s).
 */
const AIMS: readonly { name: ModelName; aim: number; most: number; slack: number }[] = [
  { name: 'resnet50', aim: 900, most: 2, slack: 2 },
  { name: 'digits', aim: 400, most: 3.7, slack: 3 },
];

export const start: Case = async (models, { repeats }) => {
  const figures: Figure[] = [];
  for (const { name, aim, most, slack } of AIMS) {
    const model = await models.get(name);
    await toFirstAnswer(model);
    await toFirstRun(model);
    const { server, peer } = await inTurns(repeats, {
      server: () => toFirstAnswer(model),
      peer: () => toFirstRun(model),
    });
    const ratio = medianOf(server, peer, (a, b) => a / b);
    figures.push(
      { name: `${name}: process start to first answer`, value: median(server), unit: 'ms', aim },
      { name: `${name}: process start to first run of the bare engine`, value: median(peer), unit: 'ms' },
      { name: `${name}: first answer / bare engine's first run`, value: ratio, unit: 'ratio', limit: { most, slack } },
    );
  }
  return [...figures, ...(await wrapperCost(repeats))];
};

async function wrapperCost(repeats: number): Promise<readonly Figure[]> {
  const { wrapper, node } = await inTurns(repeats + 2, {
    wrapper: () => timed(() => output(WRAPPER, ['--version'])),
    node: () => timed(() => output(process.execPath, [MAIN, '--version'])),
  });
  const added = medianOf(wrapper, node, (a, b) => a - b);
  return [
    { name: 'floe --version, through the wrapper', value: median(wrapper), unit: 'ms' },
    { name: 'what the wrapper adds', value: added, unit: 'ms' },
  ];
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

async function toFirstRun(model: Model): Promise<number> {
  const started = performance.now();
  const child = startNode([FIRST_RUN_PEER, model.compiled]);
  await firstLine(child);
  const ms = performance.now() - started;
  await stop(child);
  return ms;
}

async function toFirstAnswer(model: Model): Promise<number> {
  const port = await freePort();
  const bytes = v2Binary(model);
  const started = performance.now();
  const child = startNode(serveArguments(model.root, port), { stdio: ['ignore', 'ignore', 'inherit'] });
  while (!(await isReady(port))) {
    if (child.exitCode !== null || performance.now() - started > MOST_MS) throw new Error('the server never got ready');
    await pause(RETRY_MS);
  }
  await firstAnswer(port, bytes);
  const ms = performance.now() - started;
  await closeServer(child);
  return ms;
}

/** A small question while the server is not there yet, so that asking takes nothing from its start. */
function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ port, host: '127.0.0.1', path: '/v2/health/ready', agent: false }, (reply) => {
      reply.resume().on('end', () => resolve(reply.statusCode === 200));
    });
    asked.on('error', () => resolve(false));
    asked.end();
  });
}

function firstAnswer(port: number, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('error', reject);
    socket.once('data', (chunk) => {
      socket.destroy();
      const text = chunk.toString('latin1');
      if (text.startsWith('HTTP/1.1 200')) resolve();
      else reject(new Error(`ready, but the first answer is ${text.slice(0, 300)}`));
    });
  });
}
