/**
 * What runs of one compiled graph take, by the shape of their rows:
 *
 *   const shape = model.shape('float32[224,224,3]', 150_528);
 *   shape.predict(2); shape.observe(2, 0.0072);
 *
 * A shape that has not run yet is judged by what the graph's other shapes took for an element, else by its floating-point operations
 * over the rate of this machine.
 */
import type { MachineRate } from './machine-rate.ts';
import { type Point, ShapeCost } from './shape-cost.ts';

/** Where neither measurements nor operations are known. */
const UNKNOWN_SECONDS = 0.001;
/** A model that takes any size has any number of shapes; the ones seen least go. */
const MOST_SHAPES = 256;
/** Runs of a shape that tell the machine's rate: later ones would only repeat it. */
const TELLING_RUNS = 8;
const SHARE = 1 / 8;

export interface StoredShape {
  readonly key: string;
  readonly elements: number;
  readonly preferredRows?: number | undefined;
  readonly points: readonly Point[];
}

/** What is known of one shape, for people. */
export interface ShapeSummary {
  readonly shape: string;
  readonly overheadSeconds: number;
  readonly secondsPerRow: number;
  /** Rows up to which batches make a row cheaper; absent before calibration. */
  readonly preferredRows?: number;
  readonly runs: number;
}

export class CostModel {
  private readonly shapes = new Map<string, ShapeCost>();
  private readonly rate: MachineRate;
  private readonly flops: number | undefined;
  private perElement: number | undefined;
  private changes = 0;

  /** `flops`: of one row, if every dimension but the batch is known. */
  constructor(rate: MachineRate, flops?: number, stored: readonly StoredShape[] = []) {
    this.rate = rate;
    this.flops = flops;
    for (const shape of stored) this.restore(shape);
  }

  /** Observations so far: what tells whether there is something to save. */
  get observations(): number {
    return this.changes;
  }

  /** The cost of runs on rows of this shape, which has so many elements in all inputs. */
  shape(key: string, elements: number): ShapeCost {
    const known = this.shapes.get(key);
    if (known !== undefined) return known;
    if (this.shapes.size >= MOST_SHAPES) this.forgetOne();
    const fresh = new ShapeCost(elements, this.prior(elements));
    this.shapes.set(key, fresh);
    return fresh;
  }

  observe(shape: ShapeCost, rows: number, seconds: number): void {
    shape.observe(rows, seconds);
    this.changes++;
    if (this.flops !== undefined && shape.observed <= TELLING_RUNS) this.rate.observe(this.flops * rows, seconds);
    const perElement = shape.predict(rows) / Math.max(1, rows * shape.elements);
    this.perElement =
      this.perElement === undefined ? perElement : this.perElement + SHARE * (perElement - this.perElement);
  }

  stored(): StoredShape[] {
    const measured = [...this.shapes].filter(([, shape]) => shape.observed > 0);
    return measured.map(([key, shape]) => ({
      key,
      elements: shape.elements,
      ...(Number.isFinite(shape.preferredRows) ? { preferredRows: shape.preferredRows } : {}),
      points: shape.points(),
    }));
  }

  /** The shapes seen most first. */
  describe(): ShapeSummary[] {
    const all = [...this.shapes].sort(([, a], [, b]) => b.observed - a.observed);
    return all.map(([shape, { overhead, perRow, preferredRows, observed }]) => ({
      shape,
      overheadSeconds: overhead,
      secondsPerRow: perRow,
      ...(Number.isFinite(preferredRows) ? { preferredRows } : {}),
      runs: observed,
    }));
  }

  private restore({ key, elements, preferredRows, points }: StoredShape): void {
    const shape = this.shape(key, elements);
    shape.restore(points);
    if (preferredRows !== undefined) shape.preferredRows = preferredRows;
    if (points.length > 0) this.perElement ??= shape.predict(1) / Math.max(1, elements);
  }

  private prior(elements: number): number {
    if (this.perElement !== undefined) return this.perElement * elements;
    return this.flops === undefined ? UNKNOWN_SECONDS : this.flops / this.rate.flopsPerSecond;
  }

  private forgetOne(): void {
    let least: string | undefined;
    let runs = Number.POSITIVE_INFINITY;
    for (const [key, { observed }] of this.shapes) {
      if (observed >= runs) continue;
      least = key;
      runs = observed;
    }
    if (least !== undefined) this.shapes.delete(least);
  }
}
