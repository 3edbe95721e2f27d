/** Trainings as the admin API sees them, which is there before their database is open. */
import { FloeError } from '@floe/graph/base';
import type { Job, JobQueue } from '../jobs/job.ts';
import type { Trainings } from '../transport/http/admin-jobs.ts';

export class TrainingPort implements Trainings {
  private desk: Trainings = CLOSED;

  open(desk: Trainings): void {
    this.desk = desk;
  }

  get queue(): JobQueue {
    return this.desk.queue;
  }

  ask(model: string, wish: Readonly<Record<string, unknown>>, by: string): Promise<Job> {
    return this.desk.ask(model, wish, by);
  }

  measure(model: string, version: number, dataset: string, by: string): Promise<Job> {
    return this.desk.measure(model, version, dataset, by);
  }
}

const CLOSED: Trainings = {
  get queue(): JobQueue {
    throw notOpen();
  },
  ask: () => Promise.reject(notOpen()),
  measure: () => Promise.reject(notOpen()),
};

function notOpen(): FloeError {
  return new FloeError('UNAVAILABLE', 'the database of jobs is not open yet');
}
