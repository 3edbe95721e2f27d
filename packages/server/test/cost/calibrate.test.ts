import { expect, it } from 'vitest';
import { Calibrator } from '../../src/cost/calibrate.ts';
import { CostModel } from '../../src/cost/cost-model.ts';
import { MachineRate } from '../../src/cost/machine-rate.ts';

/** A process whose clock goes on by what runs take. */
class Process {
  now = 0;
  idle = true;
  /** What becomes of it while somebody waits. */
  meanwhile: () => void = () => {};
  readonly ran: number[] = [];
  readonly model = new CostModel(new MachineRate());
  readonly shape = this.model.shape('float32[4]', 4);
  readonly calibrator = new Calibrator({
    idle: () => this.idle,
    now: () => this.now * 1000,
    wait: async () => this.meanwhile(),
  });

  calibrate(takes: (rows: number) => number, limitSeconds = 0.1): Promise<void> {
    const run = async (rows: number): Promise<void> => {
      this.ran.push(rows);
      this.now += takes(rows);
    };
    this.calibrator.add({ model: this.model, shape: this.shape, run, limitSeconds });
    return this.calibrator.done();
  }
}

it('prefers batches as long as they make a row cheaper', async () => {
  const process = new Process();
  await process.calibrate((rows) => 0.002 + 0.001 * rows + 0.0001 * rows ** 2);
  expect(process.shape.preferredRows).toBe(4);
  expect(process.ran).toEqual([1, 1, 1, 2, 2, 2, 4, 4, 4, 8, 8, 8]);
  expect(process.shape.predict(1)).toBeCloseTo(0.0031, 3);
});

it('prefers single rows where a batch costs more', async () => {
  const process = new Process();
  await process.calibrate((rows) => 0.0036 * rows ** 1.05);
  expect(process.shape.preferredRows).toBe(1);
});

it('tries nothing that would take longer than it may', async () => {
  const process = new Process();
  await process.calibrate((rows) => 0.01 + 0.001 * rows, 0.015);
  expect(process.ran).toEqual([1, 1, 1]);
});

it('waits until nothing else is under way, and throws away what was disturbed', async () => {
  const process = new Process();
  process.idle = false;
  let looks = 0;
  process.meanwhile = () => {
    process.idle = ++looks >= 3;
  };
  const calibrated = process.calibrate((rows) => {
    // A request comes into the second run.
    if (process.ran.length === 2) process.idle = false;
    return process.ran.length === 2 ? 1e-6 : 0.004 * rows;
  });
  expect(process.ran).toEqual([]);
  await calibrated;
  expect(looks).toBeGreaterThanOrEqual(4);
  expect(process.ran.filter((rows) => rows === 1).length).toBe(4);
  expect(process.shape.predict(1)).toBeCloseTo(0.004);
});

it('leaves alone what fails, what is calibrated already, and everything once it is closed', async () => {
  const process = new Process();
  const { model, shape, calibrator } = process;
  const fails = (): Promise<never> => Promise.reject(new Error('zeros are refused'));
  calibrator.add({ model, shape, run: fails, limitSeconds: 1 });
  await calibrator.done();
  expect(shape.preferredRows).toBe(Number.POSITIVE_INFINITY);
  shape.preferredRows = 2;
  await process.calibrate(() => 1);
  expect(process.ran).toEqual([]);
  shape.preferredRows = Number.POSITIVE_INFINITY;
  await calibrator.close();
  await process.calibrate(() => 1);
  expect(process.ran).toEqual([]);
});

it('ends after the run under way when it is closed', async () => {
  const process = new Process();
  const first = Promise.withResolvers<void>();
  const { model, shape, calibrator } = process;
  calibrator.add({ model, shape, run: () => first.promise, limitSeconds: 1 });
  const closed = calibrator.close();
  first.resolve();
  await closed;
  expect(shape.observed).toBe(0);
});
