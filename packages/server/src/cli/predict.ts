/** `floe predict`: asks a running server over HTTP. */
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { FloeError, invalid, type Tensor } from '@floe/graph/base';
import { z } from 'zod';
import { parseNpy } from '../store/npy.ts';
import { unreadable } from '../store/unreadable.ts';
import { EXIT, print } from './output.ts';
import { v2Binary } from './v2-binary.ts';

const Options = z.object({
  image: z.string().optional(),
  json: z.string().optional(),
  npy: z.string().optional(),
  url: z.string(),
  modelVersion: z.number().optional(),
  key: z.string().optional(),
});
type Options = z.infer<typeof Options>;

const START_TRIES = 20;
const START_WAIT_MS = 150;

const IMAGE_TYPES: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
};

export async function predictCommand(name: string, raw: Record<string, unknown>): Promise<number> {
  const options = Options.parse(raw);
  const client = new Client(options);
  if (options.image !== undefined)
    print(await client.predict(name, await readInput(options.image), imageType(options.image)));
  else if (options.json !== undefined)
    print(await client.predict(name, await readInput(options.json), 'application/json'));
  else if (options.npy !== undefined)
    print(await client.infer(name, parseNpy(await readInput(options.npy), options.npy)));
  else throw invalid('say what to ask about: --image FILE, --json FILE or --npy FILE');
  return EXIT.ok;
}

function imageType(file: string): string {
  const type = IMAGE_TYPES[extname(file).toLowerCase()];
  if (type === undefined) throw invalid(`${file}: only .png, .jpg and .webp images can be sent`, { file });
  return type;
}

async function readInput(file: string): Promise<Buffer> {
  return readFile(file === '-' ? '/dev/stdin' : file).catch(unreadable(file));
}

class Client {
  private readonly options: Options;

  constructor(options: Options) {
    this.options = options;
  }

  /** TensorFlow Serving's `:predict`. */
  predict(name: string, body: Buffer, type: string): Promise<string> {
    return this.ask(`/v1/models/${encodeURIComponent(name)}${this.version()}:predict`, body, { 'content-type': type });
  }

  /** Open Inference V2 with the tensor as bytes behind the header. */
  async infer(name: string, tensor: Tensor): Promise<string> {
    const path = `/v2/models/${encodeURIComponent(name)}${this.version()}`;
    const about = JSON.parse(await this.ask(path)) as { inputs: { name: string }[] };
    const [input, ...others] = about.inputs;
    if (input === undefined || others.length > 0) {
      throw invalid(`${name} has ${about.inputs.length} inputs; --npy fills one: use --json`, { field: '--npy' });
    }
    const { body, headers } = v2Binary([{ ...tensor, name: input.name }], {});
    return this.ask(`${path}/infer`, body, headers);
  }

  private version(): string {
    return this.options.modelVersion === undefined ? '' : `/versions/${this.options.modelVersion}`;
  }

  private async ask(
    path: string,
    body?: Buffer<ArrayBufferLike>,
    headers: Record<string, string> = {},
  ): Promise<string> {
    const key = this.options.key ?? process.env['FLOE_KEY'];
    if (key !== undefined) headers['authorization'] = `Bearer ${key}`;
    const request = body === undefined ? { headers } : { method: 'POST', body: new Uint8Array(body), headers };
    const response = await this.reach(new URL(path, this.options.url), request);
    const text = await response.text();
    if (!response.ok) throw new FloeError('FAILED_PRECONDITION', `${response.status} from ${path}: ${text.trim()}`);
    return text.trim();
  }

  /** A server that was only just started gets a moment to listen. */
  private async reach(url: URL, request: RequestInit): Promise<Response> {
    for (let tries = 0; ; tries++) {
      try {
        return await fetch(url, request);
      } catch (cause) {
        if (tries === START_TRIES) {
          throw new FloeError(
            'UNAVAILABLE',
            `no server answers at ${this.options.url}: is floe serve running?`,
            [],
            cause,
          );
        }
        await delay(START_WAIT_MS);
      }
    }
  }
}
