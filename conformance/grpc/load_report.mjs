// Sends a Predict whose message is in stdin, asks for a load report, and prints the trailer that has it. gRPC's own library of C takes it for
// itself: its clients never see it.
// usage: node conformance/grpc/load_report.mjs ADDRESS < message
import { connect } from 'node:http2';
import process from 'node:process';
import { buffer } from 'node:stream/consumers';

const message = await buffer(process.stdin);
const head = Buffer.alloc(5);
head.writeUInt32BE(message.length, 1);
const session = connect(`http://${process.argv[2]}`);
const stream = session.request({
  ':method': 'POST',
  ':path': '/tensorflow.serving.PredictionService/Predict',
  'content-type': 'application/grpc',
  te: 'trailers',
  'endpoint-load-metrics-format': 'bin',
});
stream.on('trailers', (trailers) => process.stdout.write(String(trailers['endpoint-load-metrics-bin'])));
stream.on('close', () => session.close());
stream.resume().end(Buffer.concat([head, message]));
