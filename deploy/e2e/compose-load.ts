/**
 * Asks for a digit over HTTP and over gRPC by turns, so many times a second, until it is told to end (SIGTERM); then says on one line how many were
 * answered, and which were not and why.
 * usage: compose-load.ts HTTP GRPC RATE
 */
import { Agent } from 'node:http';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, ask, digitQuestion, GrpcClient } from './road/requests.ts';

const TIMEOUT_MS = 10_000;
const [, , http = '', grpc = '', rate = '20'] = process.argv;
const agent = new Agent({ keepAlive: true });
const client = new GrpcClient(grpc);
const pixels = new Float32Array(784);
const failed: string[] = [];
let answered = 0;

async function count(kind: string, asked: Promise<Answer>): Promise<void> {
  try {
    const { status, body } = await asked;
    if (status !== 200) throw new Error(`status ${status}: ${body.toString('utf8', 0, 200)}`);
    answered++;
  } catch (error) {
    failed.push(`${kind}: ${(error as Error).message}`);
  }
}

const end = new AbortController();
process.once('SIGTERM', () => end.abort());
const under: Promise<void>[] = [];
for (let turn = 0; !end.signal.aborted; turn++) {
  under.push(
    turn % 2 === 0
      ? count('http', ask(http, agent, digitQuestion(pixels), TIMEOUT_MS))
      : count('grpc', client.digit(pixels, TIMEOUT_MS)),
  );
  await delay(1000 / Number(rate));
}
await Promise.all(under);
agent.destroy();
client.close();
process.stdout.write(`${answered} answered, ${failed.length} failed${failed.length === 0 ? '' : `: ${failed[0]}`}\n`);
process.exitCode = answered > 0 && failed.length === 0 ? 0 : 1;
