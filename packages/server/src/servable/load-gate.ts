/**
 * How many versions load at a time. Several do at a start, where most of a load is waiting for the network and one thread of the engine; but
 * memory is judged for one load at a time wherever those under way might not all fit: first come first served, and none overtakes.
 */
export interface MemoryNow {
  readonly limitBytes: number;
  readonly usedBytes: number;
}

interface Waiting {
  readonly bytes: number;
  readonly enter: () => void;
}

export class LoadGate {
  private readonly most: number;
  private readonly memory: () => MemoryNow;
  private readonly waiting: Waiting[] = [];
  private loading = 0;
  private loadingBytes = 0;

  constructor(most: number, memory: () => MemoryNow) {
    this.most = most;
    this.memory = memory;
  }

  /** Does `load`, which is taken to need so many bytes, when it is its turn. */
  async through<T>(bytes: number, load: () => Promise<T>): Promise<T> {
    await new Promise<void>((enter) => {
      this.waiting.push({ bytes, enter });
      this.admit();
    });
    try {
      return await load();
    } finally {
      this.loading--;
      this.loadingBytes -= bytes;
      this.admit();
    }
  }

  private admit(): void {
    for (let next = this.waiting[0]; next !== undefined && this.hasRoom(next.bytes); next = this.waiting[0]) {
      this.waiting.shift();
      this.loading++;
      this.loadingBytes += next.bytes;
      next.enter();
    }
  }

  /** Alone, a load is let in whatever it needs: whether it fits is decided behind the gate, where old versions may go for it. */
  private hasRoom(bytes: number): boolean {
    if (this.loading === 0) return true;
    const { limitBytes, usedBytes } = this.memory();
    return this.loading < this.most && usedBytes + this.loadingBytes + bytes <= limitBytes;
  }
}
