/** The protocols on a real socket: answers and errors, word for word. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ImageReply } from '../../src/codec/image/codec.ts';
import { ask as askUrl, type Fixture, INFER, startServer, tfsError } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startServer();
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});

const ask = (path: string, init?: RequestInit & { duplex?: 'half' }) => askUrl(`${fixture.url}${path}`, init);
const post = (path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  ask(path, { method: 'POST', body, headers });

describe('TensorFlow Serving', () => {
  test.each([
    ['/v1/models/adder:predict', '{"instances": [[1, 2]]}'],
    ['/v1/models/adder/versions/1:predict', '{"instances": [[1, 2]]}'],
    ['/v1/models/adder/labels/stable:predict', '{"instances": [[1, 2]]}'],
    ['/V1/models/adder:PREDICT', '{"instances": [[1, 2]]}'],
    ['/v1/models/%61dder:predict?x=1', '{"instances": [[1, 2]]}'],
  ])('answers %s', async (path, body) => {
    const { status, text, headers } = await post(path, body);
    expect([status, text]).toEqual([200, '{\n    "predictions": [[2.0, 3.0]\n    ]\n}']);
    expect(headers.get('content-type')).toContain('application/json');
  });

  test.each([
    ['POST', '/v1/models/none:predict', 404, 'Servable not found for request: Latest(none)'],
    ['POST', '/v1/models/adder/versions/9:predict', 404, 'Servable not found for request: Specific(adder, 9)'],
    ['POST', '/v1/models/adder/labels/none:predict', 400, 'Unrecognized servable version label: none'],
    ['POST', '/v1/models/adder:predict', 400, "Missing 'inputs' or 'instances' key"],
    [
      'POST',
      '/v1/models/adder:classify',
      400,
      "JSON Value: {} When method is classify, key 'examples' is expected and was not found",
    ],
    ['POST', '/v1/models/adder', 400, 'Malformed request: POST /v1/models/adder'],
    ['POST', '/v1/foo', 400, 'Malformed request: POST /v1/foo'],
    ['PUT', '/v1/models/adder:predict', 400, 'Malformed request: PUT /v1/models/adder:predict'],
    ['GET', '/v1/models/adder:predict', 400, 'Malformed request: GET /v1/models/adder:predict'],
    ['GET', '/v1/models', 400, 'Missing model name in request.'],
    ['GET', '/v1/models/none', 404, 'Could not find any versions of model none'],
    ['GET', '/v1/models/adder/versions/9', 404, 'Could not find version 9 of model adder'],
    [
      'GET',
      '/v1/models/adder/versions/99999999999999999999',
      400,
      'Failed to convert version: 99999999999999999999 to numeric.',
    ],
    ['GET', '/v1/models/none/metadata', 404, 'Servable not found for request: Latest(none)'],
  ])('%s %s is %i', async (method, path, status, message) => {
    const reply = await ask(path, method === 'GET' ? {} : { method, body: '{}' });
    expect([reply.status, reply.text]).toEqual([status, tfsError(message)]);
  });

  test('tells the states of versions', async () => {
    const { text } = await ask('/v1/models/adder/versions/1');
    expect(text).toBe(
      '{\n "model_version_status": [\n  {\n   "version": "1",\n   "state": "AVAILABLE",\n   "status": {\n    "error_code": "OK",\n    "error_message": ""\n   }\n  }\n ]\n}\n',
    );
  });

  test('tells signatures', async () => {
    const { model_spec, metadata } = JSON.parse((await ask('/v1/models/adder/metadata')).text);
    expect(model_spec).toEqual({ name: 'adder', signature_name: '', version: '2' });
    expect(metadata.signature_def.signature_def.serving_default.inputs.x).toEqual({
      dtype: 'DT_FLOAT',
      tensor_shape: {
        dim: [
          { size: '-1', name: '' },
          { size: '2', name: '' },
        ],
        unknown_rank: false,
      },
      name: 'x:0',
    });
  });
});

describe('pictures', () => {
  test('are answered with labels', async () => {
    const { status, text } = await post('/v1/models/pictures:predict', 'jpeg', { 'content-type': 'image/jpeg' });
    expect([status, JSON.parse(text)]).toEqual([
      200,
      {
        predictions: [
          {
            label: 'large',
            index: 1,
            score: 1001,
            top: [
              { label: 'large', index: 1, score: 1001 },
              { label: 'small', index: 0, score: 5 },
            ],
          },
        ],
        model: { name: 'pictures', version: 1 },
      },
    ]);
  });

  test('for a model that takes none are refused in our own shape, with the way to add it', async () => {
    const { status, text } = await post('/v1/models/adder:predict', 'jpeg', {
      'content-type': 'image/png',
      'x-request-id': 'r1',
    });
    const { error } = JSON.parse(text);
    expect([status, error.code, error.requestId, error.details]).toEqual([
      400,
      'FAILED_PRECONDITION',
      'r1',
      [{ field: 'preprocessing.serving_default' }],
    ]);
    expect(error.message).toContain('floe.json');
  });

  test('come as a form, several at a time, some of them by URL', async () => {
    const form = new FormData();
    form.append('a', new Blob(['jpeg']), 'a.jpg');
    form.append('b', new Blob(['larger'], { type: 'image/png' }), 'b.png');
    form.append('c', 'https://images.test/c.jpg');
    const { status, text, headers } = await ask('/v1/models/pictures:predict', { method: 'POST', body: form });
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json']);
    const scores = (JSON.parse(text) as ImageReply).predictions.map(({ top }) => top?.[1]?.score);
    expect(scores).toEqual([5, 7, 26]);
  });

  test('come by URL in JSON', async () => {
    const rows = JSON.stringify({ instances: [{ url: 'https://images.test/c.jpg' }, { b64: 'aGk=' }] });
    const { status, text } = await post('/v1/models/pictures:predict', rows);
    expect([status, JSON.parse(text)]).toEqual([
      200,
      {
        predictions: [
          [26, 1001],
          [3, 1001],
        ],
      },
    ]);
  });

  test.each([
    ['multipart/form-data; boundary=b', 'nonsense', /the form cannot be read/],
    ['multipart/form-data; boundary=b', '', /as many images for each input, and one at least/],
    ['multipart/form-data; x=y', '--b--', /the form has no boundary/],
  ])('as a form of the type %s that says %j are refused in our own shape', async (type, body, message) => {
    const { status, text } = await post('/v1/models/pictures:predict', body, { 'content-type': type });
    expect([status, JSON.parse(text).error.code]).toEqual([400, 'INVALID_ARGUMENT']);
    expect(JSON.parse(text).error.message).toMatch(message);
  });

  test('of a type that is not decoded are 415', async () => {
    const { status } = await post('/v1/models/pictures:predict', 'x', { 'content-type': 'image/tiff' });
    expect(status).toBe(415);
  });
});

describe('Open Inference Protocol V2', () => {
  test.each(['/v2/models/adder/infer', '/v2/models/adder/versions/1/infer'])('answers %s', async (path) => {
    const { status, text } = await post(path, INFER);
    expect([status, JSON.parse(text).outputs]).toEqual([
      200,
      [{ name: 'y', datatype: 'FP32', shape: [1, 2], data: [2, 3] }],
    ]);
  });

  test('takes and gives raw tensors', async () => {
    const header = JSON.stringify({
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], parameters: { binary_data_size: 8 } }],
      parameters: { binary_data_output: true },
    });
    const body = Buffer.concat([Buffer.from(header), Buffer.from(Float32Array.of(1, 2).buffer)]);
    const response = await fetch(`${fixture.url}/v2/models/adder/infer`, {
      method: 'POST',
      body,
      headers: { 'inference-header-content-length': String(header.length), 'content-type': 'application/octet-stream' },
    });
    const reply = Buffer.from(await response.arrayBuffer());
    const at = Number(response.headers.get('inference-header-content-length'));
    expect([...new Float32Array(reply.buffer.slice(reply.byteOffset + at, reply.byteOffset + at + 8))]).toEqual([2, 3]);
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
  });

  test.each([
    ['/v2/health/live', 200, '{"live":true}'],
    ['/v2/health/ready', 200, '{"ready":true}'],
    ['/v2/models/adder/ready', 200, '{"name":"adder","ready":true}'],
    ['/v2/models/adder/versions/2/ready', 200, '{"name":"adder","ready":true}'],
    [
      '/v2',
      200,
      '{"name":"floe","version":"0.0.0","extensions":["binary_tensor_data","classification","model_configuration","model_repository","schedule_policy","statistics"]}',
    ],
    [
      '/v2/models/adder',
      200,
      '{"name":"adder","versions":["1","2"],"platform":"tensorflow_graphdef","inputs":[{"name":"x","datatype":"FP32","shape":[-1,2]}],"outputs":[{"name":"y","datatype":"FP32","shape":[-1,2]}]}',
    ],
    ['/v2/models/none', 404, `{"error":"Request for unknown model: 'none' is not found"}`],
    ['/v2/models/none/ready', 404, `{"error":"Request for unknown model: 'none' is not found"}`],
    ['/v2/models/adder/versions/9', 404, `{"error":"Request for unknown model: 'adder' version 9 is not found"}`],
    ['/v2/models/adder/versions/x', 400, `{"error":"failed to get model version from specified version string 'x'"}`],
    ['/v2/models/adder/infer', 405, '{"error":"Method Not Allowed"}'],
    ['/v2/nothing', 404, '{"error":"there is nothing at GET /v2/nothing"}'],
  ])('GET %s is %i', async (path, status, text) => {
    const reply = await ask(path);
    expect([reply.status, reply.text]).toEqual([status, text]);
  });

  test.each([
    ['/v2/models/none/infer', INFER, 404, "Request for unknown model: 'none' is not found"],
    ['/v2/models/adder/infer', '{', 400, 'JSON Parse error: Missing a name for object member. at offset: 1'],
    ['/v2/models/adder/infer', '{}', 400, "Unable to parse 'inputs'"],
  ])('POST %s %s is %i', async (path, body, status, error) => {
    const reply = await post(path, body);
    expect([reply.status, JSON.parse(reply.text)]).toEqual([status, { error }]);
  });
});
