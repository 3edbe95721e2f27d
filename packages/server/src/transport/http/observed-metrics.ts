/** Queue, work and caches in Prometheus' form. */
import type { Registry } from '@prometheus-io/client';
import type { Counts } from '../../queue/ledger.ts';
import { type Labels, Numbers } from './numbers.ts';
import type { Observed } from './observed.ts';

const OUTCOMES = ['answered', 'failed', 'cancelled', 'expired', 'refused'] as const satisfies readonly (keyof Counts)[];
const WHOSE = ['caller', 'model'] as const;

export function addObserved(registry: Registry, observed: Observed): void {
  const numbers = new Numbers(registry);
  addQueue(numbers, observed);
  addWork(numbers, observed);
  addCaches(numbers, observed);
  addImages(numbers, observed);
  addFeedback(numbers, observed);
}

function addFeedback({ counter, gauge }: Numbers, { feedback }: Observed): void {
  counter('floe_feedback_recorded_total', 'Interactions that were kept.', () => feedback().recorded);
  counter(
    'floe_feedback_dropped_total',
    'Interactions that were lost, for writing did not keep up or failed.',
    () => feedback().dropped,
  );
  gauge('floe_feedback_waiting', 'Interactions that wait to be written.', () => feedback().waiting);
}

function addQueue({ counter, gauge }: Numbers, { scheduler }: Observed): void {
  gauge('floe_queue_tasks', 'Tasks that wait.', () => scheduler().waiting);
  gauge('floe_queue_running', 'Runs under way that take a slot.', () => scheduler().running);
  gauge('floe_queue_seconds', 'Predicted seconds of all unfinished work.', () => scheduler().queuedSeconds);
  counter('floe_queue_wait_seconds_total', 'Seconds that tasks have waited.', () => scheduler().waitSeconds);
  counter('floe_runs_total', 'Runs that took a slot.', () => scheduler().runs);
  counter('floe_joint_runs_total', 'Runs that several tasks shared.', () => scheduler().jointRuns);
  counter(
    'floe_runs_predicted_seconds_total',
    'Seconds that runs were predicted to take.',
    () => scheduler().predictedSeconds,
  );
  counter('floe_runs_actual_seconds_total', 'Seconds that runs took.', () => scheduler().actualSeconds);
}

function addWork({ counter }: Numbers, { scheduler }: Observed): void {
  counter(
    'floe_work_seconds_total',
    'Seconds of work, by who asked and for which model: who costs what.',
    () =>
      scheduler().byCallerAndModel.map(({ caller, model, workSeconds }) => [{ caller, model }, workSeconds] as const),
    WHOSE,
  );
  counter(
    'floe_tasks_total',
    'Tasks by outcome; refused ones were not accepted.',
    () =>
      scheduler().byCallerAndModel.flatMap(({ caller, model, ...counts }) =>
        OUTCOMES.map((outcome): [Labels, number] => [{ caller, model, outcome }, counts[outcome]]),
      ),
    [...WHOSE, 'outcome'],
  );
  counter('floe_tasks_accepted_total', 'Tasks that were accepted.', () => scheduler().accepted);
}

function addCaches({ counter, gauge }: Numbers, { outputs, inputs, verified }: Observed): void {
  const both = (read: (stats: ReturnType<typeof inputs>) => number) => (): [Labels, number][] => [
    [{ cache: 'outputs' }, read(outputs())],
    [{ cache: 'inputs' }, read(inputs())],
  ];
  counter(
    'floe_cache_hits_total',
    'Answers and prepared inputs that were there.',
    both(({ hits }) => hits),
    ['cache'],
  );
  counter(
    'floe_cache_misses_total',
    'Those that were not.',
    both(({ misses }) => misses),
    ['cache'],
  );
  counter(
    'floe_cache_evictions_total',
    'Entries that gave way.',
    both(({ evictions }) => evictions),
    ['cache'],
  );
  gauge(
    'floe_cache_entries',
    'Entries now.',
    both(({ entries }) => entries),
    ['cache'],
  );
  gauge(
    'floe_cache_bytes',
    'Bytes of all entries now.',
    both(({ bytes }) => bytes),
    ['cache'],
  );
  counter('floe_cache_bypassed_total', 'Requests that the output cache was closed to.', () => outputs().bypassed);
  counter('floe_cache_ended_total', 'Answers that ended because the model got better.', () => outputs().ended);
  counter('floe_cache_shared_total', 'Hits that shared a computation under way.', () => outputs().shared);
  counter('floe_cache_second_level_hits_total', 'Hits that the shared cache had.', () => outputs().second);
  const compared = (pick: 'compared' | 'differed') => (): [Labels, number][] =>
    verified().map(({ model, ...stats }) => [{ model }, stats[pick]]);
  counter('floe_cache_verified_total', 'Hits that were computed again and compared.', compared('compared'), ['model']);
  counter('floe_cache_differed_total', 'Those whose answer would differ now.', compared('differed'), ['model']);
}

function addImages({ counter }: Numbers, { images }: Observed): void {
  const outcomes = (counts: Readonly<Record<string, number>>): [Labels, number][] =>
    Object.entries(counts).map(([outcome, count]) => [{ outcome }, count]);
  counter(
    'floe_images_total',
    'Images that became tensors, by how: decoded, shared with another request, from the cache; or failed.',
    () => {
      const { decoded, shared, hits, failed } = images().images;
      return outcomes({ decoded, shared, hit: hits, failed });
    },
    ['outcome'],
  );
  counter('floe_image_seconds_total', 'Seconds of decoding and resizing.', () => images().images.seconds);
  counter(
    'floe_fetches_total',
    'URLs by what became of them: fetched, fresh in the cache, the same as before, or failed.',
    () => {
      const { fetched = 0, fresh = 0, revalidated = 0, failed = 0 } = images().fetches ?? {};
      return outcomes({ fetched, fresh, revalidated, failed });
    },
    ['outcome'],
  );
  counter('floe_fetched_bytes_total', 'Bytes of fetched images.', () => images().fetches?.bytes ?? 0);
}
