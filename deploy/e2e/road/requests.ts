/** What users send: a digit as raw floats over HTTP and over gRPC, and a photograph as a JPEG. */
import { type Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { type ClientHttp2Session, connect } from 'node:http2';
import { rawRequest } from '../../../packages/server/src/cli/demo/client.ts';
import { ModelInferRequest, ModelInferResponse } from '../../../packages/server/src/codec/proto/inference.ts';
import { parse } from '../../../packages/server/src/codec/proto/parse.ts';

export interface Answer {
  /** HTTP status; for gRPC 200 where the call is OK, else its code, negative. */
  readonly status: number;
  readonly body: Buffer;
  readonly headers: IncomingHttpHeaders;
}

export interface Question {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Asks for class alone, as eight raw bytes. */
export function digitQuestion(pixels: Float32Array): Question {
  return { path: '/v2/models/digits/infer', ...rawRequest(pixels, [1, 28, 28, 1]) };
}

/** The class that an answer to `digitQuestion` names. */
export function classIn({ body }: Answer): number {
  return Number(body.readBigInt64LE(body.length - 8));
}

export function photoQuestion(jpeg: Buffer, copies: number): Question {
  const url = jpeg.toString('base64');
  const body = JSON.stringify({ instances: Array.from({ length: copies }, () => ({ b64: url })) });
  return {
    path: '/v1/models/mobilenet:predict',
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(body),
  };
}

export function ask(base: string, agent: Agent, question: Question, timeoutMs: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { ...question.headers, 'content-length': String(question.body.length) };
    const asked = httpRequest(
      `${base}${question.path}`,
      { method: 'POST', agent, headers, timeout: timeoutMs },
      (reply) => {
        const parts: Buffer[] = [];
        reply.on('data', (part: Buffer) => parts.push(part));
        reply.on('error', reject);
        reply.on('end', () =>
          resolve({ status: reply.statusCode ?? 0, body: Buffer.concat(parts), headers: reply.headers }),
        );
      },
    );
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    asked.on('error', reject);
    asked.end(question.body);
  });
}

/** A gRPC client that keeps one connection, as the official ones do: a call that was refused before any work is sent again. */
export class GrpcClient {
  private readonly authority: string;
  private session: ClientHttp2Session | undefined;

  constructor(authority: string) {
    this.authority = authority;
  }

  async digit(pixels: Float32Array, timeoutMs: number): Promise<Answer> {
    const message = ModelInferRequest.encode({
      model_name: 'digits',
      model_version: '',
      id: '',
      parameters: new Map(),
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 28, 28, 1], parameters: new Map(), contents: undefined }],
      outputs: [{ name: 'klass', parameters: new Map() }],
      raw_input_contents: [bytesOf(pixels)],
    });
    const answer = await this.call(message, timeoutMs).catch((error: Error) => {
      if (!error.message.includes('REFUSED_STREAM') && !error.message.includes('GOAWAY')) throw error;
      return this.call(message, timeoutMs);
    });
    if (answer.status !== 200) return answer;
    const { raw_output_contents: raw } = parse(ModelInferResponse, answer.body.subarray(5));
    return { ...answer, body: Buffer.from(raw[0] ?? []) };
  }

  close(): void {
    this.session?.close();
  }

  private call(message: Uint8Array, timeoutMs: number): Promise<Answer> {
    const framed = Buffer.alloc(5 + message.length);
    framed.writeUInt32BE(message.length, 1);
    framed.set(message, 5);
    const stream = this.open().request({
      ':method': 'POST',
      ':path': '/inference.GRPCInferenceService/ModelInfer',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    return new Promise((resolve, reject) => {
      const parts: Buffer[] = [];
      let headers: IncomingHttpHeaders = {};
      let code: unknown;
      stream.setTimeout(timeoutMs, () => stream.destroy(new Error(`no answer within ${timeoutMs} ms`)));
      stream.on('response', (head) => {
        headers = head as IncomingHttpHeaders;
        code = head['grpc-status'];
      });
      stream.on('trailers', (trailers) => (code ??= trailers['grpc-status']));
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('error', reject);
      stream.on('close', () => {
        if (code === undefined) reject(new Error(`the call ended without a status (${stream.rstCode})`));
        else resolve({ status: code === '0' ? 200 : -Number(code), body: Buffer.concat(parts), headers });
      });
      stream.end(framed);
    });
  }

  private open(): ClientHttp2Session {
    if (this.session !== undefined && !this.session.closed && !this.session.destroyed) return this.session;
    const session = connect(this.authority);
    session.on('error', () => {});
    session.on('goaway', () => session.close());
    this.session = session;
    return session;
  }
}

function bytesOf(pixels: Float32Array): Buffer {
  return Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength);
}
