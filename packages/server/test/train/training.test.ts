import { describe, expect, it } from 'vitest';
import { MemoryObjects } from '../../src/store/objects/memory.ts';
import { dueTraining, parsePlan } from '../../src/train/plan.ts';
import { parseTrainers } from '../../src/train/trainers.ts';
import { scratchEmbedded } from '../sql/scratch.ts';
import { trainingContract } from './contract.ts';

describe('trainings on the embedded database', () => {
  trainingContract(scratchEmbedded, async () => new MemoryObjects());
});

describe('a plan', () => {
  it.each([
    ['nothing', {}, 1000, 0, Number.POSITIVE_INFINITY, false],
    ['enough labels', { labels: 100 }, 100, 0, 1, true],
    ['too few labels', { labels: 100 }, 199, 100, 1, false],
    ['enough since the last', { labels: 100 }, 200, 100, 1, true],
    ['labels that grew old', { labels: 100 }, 100, 500, 1, false],
    ['its time', { hours: 24 }, 1, 0, 24, true],
    ['its time, without a label', { hours: 24 }, 0, 0, 48, false],
    ['its time, without a new label', { hours: 24 }, 7, 7, 48, false],
    ['not yet its time', { hours: 24 }, 9, 0, 23, false],
    ['the first of both', { labels: 1000, hours: 24 }, 9, 0, 25, true],
  ])('with %s', (_, after, labelled, labelledThen, hoursSince, isDue) => {
    const plan = parsePlan({ after }, 'plan');
    expect(dueTraining(plan, { labelled, labelledThen, hoursSince }) !== undefined).toBe(isDue);
  });

  it.each([
    [{ trainers: 'x' }, /whole/],
    [{ rollout: true }, /rollout/],
    [{ rollout: [] }, /rollout/],
    [{ after: { labels: 0 } }, /after\.labels/],
    [{ dataset: 7 }, /dataset/],
    ['head', /whole/],
  ])('is refused: %j', (raw, field) => {
    expect(() => parsePlan(raw, 'plan.yaml')).toThrow(field);
  });
});

describe('a file of trainers', () => {
  it('names programs', () => {
    const found = parseTrainers({ trainers: { keras: { command: ['python3', 'train.py'] } } }, 'trainers.yaml');
    expect(found.get('keras')).toMatchObject({ command: ['python3', 'train.py'], memoryMb: 65_536 });
  });

  it.each([
    [null, /whole|trainers/],
    [{ trainers: { keras: {} } }, /trainers\.keras\.command/],
    [{ trainers: { keras: { command: [] } } }, /command/],
    [{ trainers: { 'a b': { command: ['x'] } } }, /trainers/],
    [{ trainers: { head: { command: ['x'] } } }, /built-in/],
    [{ trainers: { keras: { command: ['x'], gpu: 1 } } }, /keras/],
  ])('is refused: %j', (raw, message) => {
    expect(() => parseTrainers(raw, 'trainers.yaml')).toThrow(message);
  });
});
