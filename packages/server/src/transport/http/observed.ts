/** Counts kept by others that the metrics show beside those of the transport. Read when somebody asks. */
import type { CacheStats } from '../../cache/byte-cache.ts';
import type { OutputCacheStats } from '../../cache/output-cache.ts';
import type { VerifyStats } from '../../cache/verification.ts';
import type { RecorderStats } from '../../feedback/recorder.ts';
import type { InputStats } from '../../input/stage.ts';
import type { Present, Snapshot } from '../../queue/snapshot.ts';

export interface Observed {
  readonly scheduler: () => Snapshot;
  /** What of it costs nothing to read. */
  readonly load: () => Present;
  readonly outputs: () => OutputCacheStats;
  readonly inputs: () => CacheStats;
  /** Images decoded and fetched. */
  readonly images: () => InputStats;
  /** Interactions kept; all 0 where none are. */
  readonly feedback: () => RecorderStats;
  /** Of each model, answers that were computed again and compared. */
  readonly verified: () => readonly (VerifyStats & { readonly model: string })[];
}
