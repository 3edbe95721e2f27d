/**
 * The cost models of a process, kept in a folder so that a restart knows what the last process learned:
 *
 *   const book = await CostBook.open({ folder, machine: { cpu, cpus, threads }, log });
 *   const model = await book.open(artefact, flops);   // when its session is opened
 *   await book.release(artefact);                     // when that is closed
 *   await book.close();
 *
 * What a run takes depends on CPU, quota and threads: other machines that share the folder have files of their own. A folder that
 * cannot be read or written costs what was learned, and nothing else.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asFloeError } from '@floe/graph/base';
import { CostModel, type ShapeSummary } from './cost-model.ts';
import { MachineRate } from './machine-rate.ts';
import { readProfile, readRate, writeProfile, writeRate } from './profile.ts';

export interface Machine {
  /** Name of the CPU. */
  readonly cpu: string;
  /** CPUs that the quota leaves. */
  readonly cpus: number;
  /** Threads of one run. */
  readonly threads: number;
}

export interface CostBookOptions {
  readonly folder: string;
  readonly machine: Machine;
  /** Told in one sentence what could not be written. */
  readonly log: (message: string) => void;
}

interface Page {
  readonly model: CostModel;
  users: number;
  saved: number;
}

const RATE_FILE = 'machine.json';

export class CostBook {
  private readonly folder: string;
  private readonly machine: string;
  private readonly log: (message: string) => void;
  private readonly rate: MachineRate;
  private readonly pages = new Map<string, Page>();
  private saving: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;

  private constructor(options: CostBookOptions, machine: string, folder: string, rate: MachineRate) {
    this.log = options.log;
    this.machine = machine;
    this.folder = folder;
    this.rate = rate;
  }

  static async open(options: CostBookOptions): Promise<CostBook> {
    const { cpu, cpus, threads } = options.machine;
    const machine = `${cpu}, ${cpus} CPUs, ${threads} threads`;
    const folder = join(options.folder, createHash('sha256').update(machine).digest('hex').slice(0, 16));
    const stored = readRate(await contents(join(folder, RATE_FILE)));
    return new CostBook(options, machine, folder, new MachineRate(stored));
  }

  get flopsPerSecond(): number {
    return this.rate.flopsPerSecond;
  }

  /** The model of an artefact, whose name is a file name; `flops`: of one row, if every dimension but the batch is known. */
  async open(artefact: string, flops?: number): Promise<CostModel> {
    const stored = this.pages.has(artefact) ? '' : await contents(this.file(artefact));
    let page = this.pages.get(artefact);
    if (page === undefined) {
      page = { model: new CostModel(this.rate, flops, readProfile(stored)), users: 0, saved: 0 };
      this.pages.set(artefact, page);
    }
    page.users++;
    return page.model;
  }

  /** Saves and forgets the model once each `open` of it was followed by this. */
  async release(artefact: string): Promise<void> {
    const page = this.pages.get(artefact);
    if (page === undefined || --page.users > 0) return;
    this.pages.delete(artefact);
    await this.exclusively(() => this.savePage(artefact, page));
  }

  /** What is known now, by artefact. */
  describe(): Readonly<Record<string, readonly ShapeSummary[]>> {
    return Object.fromEntries([...this.pages].map(([artefact, { model }]) => [artefact, model.describe()]));
  }

  /** Writes what has changed since the last time, whole files or none. Never throws. */
  save(): Promise<void> {
    return this.exclusively(async () => {
      for (const [artefact, page] of this.pages) await this.savePage(artefact, page);
    });
  }

  /** Saves from time to time, which alone keeps no process alive. */
  saveEvery(seconds: number): this {
    this.timer ??= setInterval(() => void this.save(), seconds * 1000).unref();
    return this;
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.save();
  }

  private exclusively(work: () => Promise<void>): Promise<void> {
    this.saving = this.saving.then(work).catch((error: unknown) => {
      this.log(`costs of runs are not kept: ${asFloeError(error).message}`);
    });
    return this.saving;
  }

  private async savePage(artefact: string, page: Page): Promise<void> {
    const { observations } = page.model;
    if (observations === page.saved) return;
    await this.write(this.file(artefact), writeProfile(this.machine, artefact, page.model.stored()));
    await this.write(join(this.folder, RATE_FILE), writeRate(this.machine, this.rate.flopsPerSecond));
    page.saved = observations;
  }

  private async write(file: string, text: string): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const hidden = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
    try {
      await writeFile(hidden, text);
      await rename(hidden, file);
    } catch (error) {
      await rm(hidden, { force: true });
      throw error;
    }
  }

  private file(artefact: string): string {
    return join(this.folder, `${artefact}.json`);
  }
}

async function contents(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
