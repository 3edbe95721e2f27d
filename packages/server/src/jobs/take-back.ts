/** Takes jobs back from workers that fell silent, for others to resume. */
import { abandoned, isAbandoned } from './devices.ts';
import { type Tools, tried } from './tools.ts';
import { settle } from './transitions.ts';
import { afterFailure } from './verdict.ts';

export async function takeBack(tools: Tools): Promise<void> {
  const { db, dispatcher, log } = tools;
  for (const job of await abandoned(db)) {
    await dispatcher.prepare(job.kind);
    const reason = `its worker on ${job.device} fell silent`;
    const verdict = afterFailure({ ...job, code: 'lost' });
    const isTaken = await tried(tools, async (tx) => {
      await settle(tx, dispatcher, job, verdict, reason, isAbandoned);
      return true;
    });
    if (isTaken) log(`job ${job.id}: ${reason}`);
  }
}
