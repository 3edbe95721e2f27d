import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FloeError } from '@floe/graph/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrainContext } from '../../../src/core/trainer.ts';
import { bytesIn, memoryOf, watchLimits } from '../../../src/train/process/limits.ts';
import { linesOf } from '../../../src/train/process/lines.ts';
import { parseSaid } from '../../../src/train/process/protocol.ts';
import { type Program, runProgram } from '../../../src/train/process/run.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'floe-process-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const LIMITS = { seconds: 60, memoryBytes: 2 ** 40, outputBytes: 2 ** 40 };

function program(script: string, changes: Partial<Program> = {}): Program {
  const command = [process.execPath, '--input-type=module', '-e', script];
  return { command, cwd: folder, environment: process.env, limits: LIMITS, writes: [folder], ...changes };
}

function listener(signal = new AbortController().signal) {
  const heard = { progress: [] as number[], logs: [] as string[], metrics: [] as object[], checkpoints: 0 };
  const context: TrainContext = {
    signal,
    progress: (share) => heard.progress.push(share),
    log: (text) => heard.logs.push(text),
    metric: (values) => heard.metrics.push(values),
    checkpointed: async () => {
      heard.checkpoints++;
    },
  };
  return { heard, context };
}

/** A dead one that nobody has buried yet runs no more. */
function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2)[0] !== 'Z';
  } catch {
    return false;
  }
}

describe('a program', () => {
  it('says how it goes, what it found, and whatever else it likes', async () => {
    const { heard, context } = listener();
    const script = `
      console.log('{"progress": 0.5}'); console.log('Epoch 1/3'); console.log('{"metric": {"loss": 0.25}}');
      console.error('a warning'); console.log('{"log": "two classes"}'); console.log('{"progress": 7}');
      console.log('{"result": {"model": "saved"}}');`;
    expect(await runProgram(program(script), context)).toEqual({ model: 'saved' });
    expect(heard.progress).toEqual([0.5]);
    expect(heard.metrics).toEqual([{ loss: 0.25 }]);
    expect(heard.logs.sort()).toEqual(['Epoch 1/3', 'a warning', 'two classes', '{"progress": 7}'].sort());
  });

  it('waits for its checkpoint to be kept, if it likes', async () => {
    const { heard, context } = listener();
    const script = `
      import { createInterface } from 'node:readline';
      const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
      for (let i = 0; i < 3; i++) { console.log('{"checkpoint": true}'); console.log((await lines.next()).value); }
      process.exit(0);`;
    expect(await runProgram(program(script), context)).toBeNull();
    expect([heard.checkpoints, heard.logs]).toEqual([3, ['{"kept":true}', '{"kept":true}', '{"kept":true}']]);
  });

  it('runs at the lowest priority, with all its threads', async () => {
    const { heard, context } = listener();
    await runProgram(
      program(`
      import { readdirSync, readFileSync } from 'node:fs';
      const nice = readdirSync('/proc/self/task').map((id) => {
        const stat = readFileSync('/proc/self/task/' + id + '/stat', 'utf8');
        return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16];
      });
      console.log([...new Set(nice)].join());`),
      context,
    );
    expect(heard.logs).toEqual(['19']);
  });

  it.runIf(existsSync('/proc/self/autogroup'))('yields to other sessions, too', async () => {
    const { heard, context } = listener();
    const script = `
      import { readFileSync } from 'node:fs';
      const niceness = () => readFileSync('/proc/self/autogroup', 'utf8').trim().split(' ').at(-1);
      const look = () => niceness() === '0' && performance.now() < 5000 ? setImmediate(look) : console.log(niceness());
      look();`;
    await runProgram(program(script), context);
    expect(heard.logs).toEqual(['10']);
  });

  it.each([
    ['an exit code', 'console.error("no GPU"); process.exit(3)', 'INTERNAL', /exit code 3: no GPU/],
    ['a crash', 'process.kill(process.pid, "SIGKILL")', 'INTERNAL', /SIGKILL/],
    ['an exception', 'throw new Error("bad data")', 'INTERNAL', /bad data/],
    [
      'an error that it says',
      `console.log('{"error": {"code": "INVALID_ARGUMENT", "message": "no such layer"}}'); process.exit(1)`,
      'INVALID_ARGUMENT',
      /^no such layer$/,
    ],
  ])('fails by %s', async (_, script, code, message) => {
    const failed = runProgram(program(script), listener().context);
    await expect(failed).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
  });

  it('that is not there, or may not be run, is not tried again', async () => {
    await writeFile(join(folder, 'text'), 'no program');
    for (const name of ['/nowhere/train', join(folder, 'text')]) {
      const failed = runProgram(program('', { command: [name] }), listener().context);
      await expect(failed).rejects.toMatchObject({
        code: 'FAILED_PRECONDITION',
        message: expect.stringContaining(name) as string,
      });
    }
    const failed = runProgram(program('', { cwd: '/nowhere' }), listener().context);
    await expect(failed).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  });

  it('is asked to end when nobody wants it any more, and ended where it does not listen, with all that it started', async () => {
    const controller = new AbortController();
    const { heard, context } = listener(controller.signal);
    const script = `
      import { spawn } from 'node:child_process';
      process.on('SIGTERM', () => console.log('not yet'));
      const child = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)']);
      console.log(process.pid + ' ' + child.pid);
      setInterval(() => {}, 1000);`;
    const ended = runProgram(program(script), {
      ...context,
      log: (text) => {
        heard.logs.push(text);
        if (/^\d+ \d+$/.test(text)) controller.abort(new FloeError('CANCELLED', 'by a person'));
      },
    });
    await expect(ended).rejects.toMatchObject({ code: 'CANCELLED', message: 'by a person' });
    const pids = (heard.logs[0] ?? '').split(' ').map(Number);
    expect(pids.map(isRunning)).toEqual([false, false]);
  });

  it('that ends leaves nothing running, and is not waited for by what it left', async () => {
    const { heard, context } = listener();
    await runProgram(
      program(`
      import { spawn } from 'node:child_process';
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
      console.log(String(child.pid)); process.exit(0);`),
      context,
    );
    const pid = Number(heard.logs[0]);
    while (isRunning(pid)) await new Promise((resolve) => setImmediate(resolve));
  });

  it('is never started where nobody wants it', async () => {
    const signal = AbortSignal.abort(new FloeError('CANCELLED', 'before'));
    await expect(runProgram(program(''), listener(signal).context)).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

describe('limits', () => {
  it('of time, memory and files end a program', async () => {
    const forever = 'setInterval(() => {}, 1000)';
    const late = runProgram(program(forever, { limits: { ...LIMITS, seconds: 0.001 } }), listener().context);
    await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    const large = `globalThis.x = Buffer.alloc(300 * 2 ** 20, 1); ${forever}`;
    const eater = runProgram(program(large, { limits: { ...LIMITS, memoryBytes: 200 * 2 ** 20 } }), listener().context);
    await expect(eater).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: expect.stringMatching(/of memory/) as string,
    });
    const writes = join(folder, 'writes');
    await mkdir(writes);
    const writer = `import { writeFileSync } from 'node:fs'; writeFileSync('${writes}/big', Buffer.alloc(2 ** 20)); ${forever}`;
    const limits = { ...LIMITS, outputBytes: 1000 };
    const wrote = runProgram(program(writer, { limits, writes: [writes] }), listener().context);
    await expect(wrote).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: expect.stringMatching(/of files/) as string,
    });
  });

  it('are looked at until the program has ended', async () => {
    const over = new AbortController();
    let looks = 0;
    await watchLimits({ group: process.pid, folders: [folder] }, LIMITS, over.signal, async () => {
      if (++looks === 3) over.abort();
    });
    expect(looks).toBe(3);
  });

  it('count the processes of the group alone, and files below folders', async () => {
    const own = (await readFile('/proc/self/stat', 'utf8')).split(') ')[1]?.split(' ')[2];
    expect(await memoryOf(Number(own))).toBeGreaterThan(10 * 2 ** 20);
    expect(await memoryOf(2 ** 22)).toBe(0);
    const deep = join(folder, 'count/deep');
    await mkdir(deep, { recursive: true });
    await writeFile(join(deep, 'ten'), '0123456789');
    expect(await bytesIn([join(folder, 'count'), '/nowhere'])).toBe(10);
  });
});

describe('lines', () => {
  async function lines(...chunks: readonly (string | Uint8Array)[]): Promise<string[]> {
    async function* bytes(): AsyncGenerator<Uint8Array> {
      for (const chunk of chunks) yield Buffer.from(chunk as string);
    }
    const found: string[] = [];
    for await (const line of linesOf(bytes())) found.push(line);
    return found;
  }

  it('are found wherever chunks end', async () => {
    expect(await lines('one\ntw', 'o\r\n', '', '\nthree')).toEqual(['one', 'two', '', 'three']);
    const text = Buffer.from('größe\n日本\n');
    const single = Array.from(text, (byte) => Uint8Array.of(byte));
    expect(await lines(...single)).toEqual(['größe', '日本']);
    expect(await lines()).toEqual([]);
  });

  it('that do not end are cut', async () => {
    const chunks = Array.from({ length: 100 }, () => 'x'.repeat(10_000));
    expect((await lines(...chunks, '\nnext\n')).map(({ length }) => length)).toEqual([65_536, 4]);
  });

  it('are a log unless they are what the protocol says', () => {
    for (const line of [
      '{"progress": "half"}',
      '{"progress": 1, "log": "x"}',
      '{',
      '{}',
      '[1]',
      '{"checkpoint": false}',
      '{"error": {"code": "X", "message": ""}}',
    ])
      expect(parseSaid(line)).toEqual({ log: line });
  });
});
