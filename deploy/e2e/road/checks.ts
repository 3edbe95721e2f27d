/** What has to hold, told line by line as it is seen. */
import process from 'node:process';

export class Checks {
  passed = 0;
  failed = 0;

  /** Counts a fact. */
  that(name: string, holds: boolean, detail = ''): void {
    if (holds) this.passed++;
    else this.failed++;
    process.stdout.write(`${holds ? 'ok' : 'not ok'} ${name}${detail === '' ? '' : `: ${detail}`}\n`);
  }

  /** Does a step; one that throws is a failure, and the road goes on. */
  async step<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
    const started = performance.now();
    try {
      const result = await work();
      this.say(`${name}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
      return result;
    } catch (error) {
      this.that(name, false, (error as Error).message.split('\n').slice(-3).join(' '));
      return undefined;
    }
  }

  say(text: string): void {
    process.stdout.write(`   ${text}\n`);
  }
}
