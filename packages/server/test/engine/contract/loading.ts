import { readFile } from 'node:fs/promises';
import { FloeError } from '@floe/graph';
import { expect, it } from 'vitest';
import type { Subject } from '../contract.ts';
import { EXTERNAL_BYTES, errorOf, golden, ONE_THREAD, withExternalModel, withModelFile } from '../models.ts';

export function loading(subject: Subject): void {
  it('says that there is no model', async () => {
    const error = await errorOf(subject().open('/nowhere/model.onnx', ONE_THREAD));
    expect([error.code, error.details]).toEqual(['NOT_FOUND', [{ file: '/nowhere/model.onnx' }]]);
  });

  it('names an op that it does not know', async () => {
    const error = await errorOf(subject().open(golden('unknown-op'), ONE_THREAD));
    expect(error.code).toBe('UNIMPLEMENTED');
    expect(error.message).toContain('Frobnicate');
  });

  it('refuses a result that is no tensor', async () => {
    const error = await errorOf(subject().open(golden('sequence'), ONE_THREAD));
    expect(error.code).toBe('UNIMPLEMENTED');
    expect(error.message).toContain('y');
  });

  it.each([
    ['missing', 0],
    ['cut short', EXTERNAL_BYTES - 4],
  ])('says that the weights are %s', (_, bytes) =>
    withExternalModel(bytes, async (path) => {
      const error = await errorOf(subject().open(path, ONE_THREAD));
      expect([error.code, error.details]).toEqual(['DATA_LOSS', [{ file: path }]]);
    }),
  );

  it('refuses a model that is cut anywhere, and lives', async () => {
    const whole = await readFile(golden('mlp'));
    for (let length = 0; length < whole.length; length += 97)
      await withModelFile(whole.subarray(0, length), async (path) => {
        const error = await errorOf(subject().open(path, ONE_THREAD));
        expect(['DATA_LOSS', 'UNIMPLEMENTED']).toContain(error.code);
      });
  });

  it('survives models with bytes changed at random', async () => {
    const whole = await readFile(golden('slow'));
    let random = 7;
    const next = (below: number): number => {
      random = (random * 48_271) % 2_147_483_647;
      return random % below;
    };
    for (let i = 0; i < 60; i++) {
      const changed = Uint8Array.from(whole);
      for (let change = 0; change < 3; change++) changed[next(changed.length)] = next(256);
      await withModelFile(changed, async (path) => {
        const outcome = await subject()
          .open(path, ONE_THREAD)
          .then(
            (session) => session.close(),
            (error: unknown) => error,
          );
        if (outcome !== undefined) expect(outcome).toBeInstanceOf(FloeError);
      });
    }
  });
}
