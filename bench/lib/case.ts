/** What every case is given, and what it gives. */
import type { Models } from './models.ts';
import type { Figure } from './report.ts';

export interface Effort {
  /** How often each thing is measured. */
  readonly repeats: number;
  /** Factor on how long each measurement takes. */
  readonly length: number;
}

export type Case = (models: Models, effort: Effort) => Promise<readonly Figure[]>;
