/**
 * Inferences over one stream: any number under way, answered in the order in which they were asked, as Triton does for models that give one
 * answer to each request. What is wrong with one of them is said in its own answer and ends nothing.
 */
import { asFloeError } from '@floe/graph/base';
import { embedded } from '../../codec/proto/embed.ts';
import { ModelInferRequest, ModelInferResponse, ModelStreamInferResponse } from '../../codec/proto/inference.ts';
import { ParseError } from '../../codec/proto/parse.ts';
import type { Call } from './call.ts';
import type { StreamFrame } from './messages.ts';
import { presentable } from './status.ts';

/** Requests of one stream that are worked on at a time. */
const MOST_UNDER_WAY = 64;
const INFER_RESPONSE = ModelStreamInferResponse.fields['infer_response']?.number ?? 0;
const NO_PARAMETERS = new Map<string, never>();

export async function inferStream(
  messages: AsyncIterable<StreamFrame>,
  call: Call,
  infer: (message: Uint8Array) => Promise<Uint8Array>,
): Promise<void> {
  const underWay: Promise<void>[] = [];
  let written = Promise.resolve();
  for await (const frame of messages) {
    const answer = answerTo(frame, infer);
    written = written.then(() => answer).then((bytes) => call.write(bytes));
    // Whoever waits for the last one below learns of it.
    written.catch(() => {});
    underWay.push(written);
    if (underWay.length >= MOST_UNDER_WAY) await underWay.shift();
  }
  await written;
}

/** Throws what is no request at all: after that nothing in the stream can be trusted. */
async function answerTo(frame: StreamFrame, infer: (message: Uint8Array) => Promise<Uint8Array>): Promise<Uint8Array> {
  try {
    const reply = await infer(frame.bytes);
    frame.release();
    return embedded(INFER_RESPONSE, reply, FINAL);
  } catch (thrown) {
    if (thrown instanceof ParseError) throw thrown;
    const { message } = presentable(asFloeError(thrown));
    return ModelStreamInferResponse.encode({ error_message: message, infer_response: unanswered(frame.bytes) });
  } finally {
    frame.done();
  }
}

/** Says that no more answers to the same request follow; goes behind the other fields. */
const FINAL = ModelInferResponse.encode({
  model_name: '',
  model_version: '',
  id: '',
  parameters: new Map([
    [
      'triton_final_response',
      {
        bool_param: true,
        int64_param: undefined,
        string_param: undefined,
        double_param: undefined,
        uint64_param: undefined,
      },
    ],
  ]),
  outputs: [],
  raw_output_contents: [],
});

/** Tells which request it is about. */
function unanswered(bytes: Uint8Array): ReturnType<typeof ModelInferResponse.decode> {
  const { id, model_name, model_version } = ModelInferRequest.decode(bytes, ModelInferRequest.name);
  return { id, model_name, model_version, parameters: NO_PARAMETERS, outputs: [], raw_output_contents: [] };
}
