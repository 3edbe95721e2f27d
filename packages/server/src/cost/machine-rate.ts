/**
 * How many floating-point operations this machine does in a second in a run, as far as runs have shown: what a graph that has never run
 * is judged by.
 */

/** Before any run: what MobileNetV2 reached on one core without AVX-512 (with it 160e9). */
const UNKNOWN_RATE = 50e9;
const SHARE = 1 / 8;
/** Runs of less work tell what a call costs, not what the machine can do: a tiny network made MobileNetV2 look 500 times as dear. */
const TELLING_FLOPS = 50e6;

export class MachineRate {
  private rate: number;

  constructor(flopsPerSecond = UNKNOWN_RATE) {
    this.rate = flopsPerSecond;
  }

  get flopsPerSecond(): number {
    return this.rate;
  }

  /** Rates of graphs differ by factors, so the mean is one of logarithms. */
  observe(flops: number, seconds: number): void {
    if (!(flops >= TELLING_FLOPS) || !(seconds > 0)) return;
    this.rate *= (flops / seconds / this.rate) ** SHARE;
  }
}
