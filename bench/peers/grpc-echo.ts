/** An empty gRPC service on node:http2, as our server is: takes a whole message and answers its first bytes. Prints its port. */
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import process from 'node:process';

const HEAD = 5;
const ANSWERED = 64;

const server = createServer({ settings: { initialWindowSize: 4 << 20, maxFrameSize: 1 << 20 } });
server.on('session', (session) => session.setLocalWindowSize(16 << 20));
server.on('stream', (stream) => {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => {
    const message = Buffer.concat(chunks);
    const answer = Buffer.from(message.subarray(0, HEAD + ANSWERED));
    answer.writeUInt32BE(answer.length - HEAD, 1);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(answer);
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
process.once('SIGTERM', () => process.exit(0));
