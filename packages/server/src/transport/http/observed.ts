/** Counts kept by others that the metrics show beside those of the transport. Read when somebody asks, never on the way of a request. */
import type { CacheStats } from '../../cache/byte-cache.ts';
import type { OutputCacheStats } from '../../cache/output-cache.ts';
import type { VerifyStats } from '../../cache/verification.ts';
import type { RecorderStats } from '../../feedback/recorder.ts';
import type { InputStats } from '../../input/stage.ts';
import type { Snapshot } from '../../queue/snapshot.ts';

export interface Observed {
  readonly scheduler: () => Snapshot;
  readonly outputs: () => OutputCacheStats;
  readonly inputs: () => CacheStats;
  /** Images decoded and fetched. */
  readonly images: () => InputStats;
  /** Interactions kept; all 0 where none are. */
  readonly feedback: () => RecorderStats;
  /** Of each model, answers that were computed again and compared. */
  readonly verified: () => readonly (VerifyStats & { readonly model: string })[];
}
