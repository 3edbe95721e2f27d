/**
 * Into how many rows a large task is cut, and what may be joined to one run: decisions from the fitted cost `overhead + perRow * rows`.
 */

export interface FittedCost {
  readonly overhead: number;
  readonly perRow: number;
  readonly preferredRows: number;
}

/** What every run costs again may be such a part of a chunk: cutting makes the whole no more than that much dearer. */
const OVERHEAD_SHARE = 0.05;

/**
 * Rows of one chunk of a task of `rows`: as many as `chunkSeconds` hold, evenly spread; more where the overhead would weigh too much.
 * The bound that is left: a chunk is at least one row.
 */
export function chunkRows(rows: number, cost: FittedCost, chunkSeconds: number): number {
  if (cost.perRow <= 0) return rows;
  const fitting = Math.floor((chunkSeconds - cost.overhead) / cost.perRow);
  const worth = Math.ceil((cost.overhead * (1 - OVERHEAD_SHARE)) / (OVERHEAD_SHARE * cost.perRow));
  const most = Math.max(1, fitting, worth);
  return Math.ceil(rows / Math.ceil(rows / most));
}

export interface Joint {
  /** Rows that are in the run already. */
  readonly rows: number;
  /** Tasks that are in it. */
  readonly tasks: number;
  /** Tasks that wait behind it for each slot. */
  readonly behind: number;
}

/** A smaller saving, as a part of the rows that join, is not worth holding anybody up, however many wait. */
const LEAST_SAVING = 0.1;

/**
 * Whether `rows` more pay in a run. It saves the overhead to the task that joins and to each behind it, and holds up those that are in
 * the run already by its rows. Where calibration found that larger batches make no row cheaper, that is the end.
 */
export function joins(rows: number, joint: Joint, cost: FittedCost, chunkSeconds: number): boolean {
  const after = joint.rows + rows;
  const added = cost.perRow * rows;
  if (after > cost.preferredRows || cost.overhead + cost.perRow * after > chunkSeconds) return false;
  return cost.overhead >= LEAST_SAVING * added && cost.overhead * (1 + joint.behind) >= joint.tasks * added;
}
