import { describe, expect, it, test } from 'vitest';
import type { Channels } from '../../src/registry/aspired.ts';
import type { FoundVersion } from '../../src/registry/scan.ts';
import { type Choice, Selection } from '../../src/registry/selection.ts';

const versions = [1, 2, 3].map(
  (version): FoundVersion => ({ model: 'm', version, folder: '', kind: 'frozen', fingerprint: '', bytes: 0 }),
);
const channels: Channels = { stable: 2, labels: { old: 1 } };
const served = (selection: Selection, model = 'm') => {
  const aspired = selection.of(model, { versions, channels }, 1);
  return aspired && [aspired.versions.map(({ version }) => version), aspired.channels];
};

describe('without a list', () => {
  it('channels and options say what serves', () => {
    expect(served(new Selection())).toEqual([[1, 2], channels]);
  });

  it('a model is taken out of service and back', () => {
    const selection = new Selection();
    selection.hide('m');
    expect([served(selection), selection.hidden]).toEqual([undefined, ['m']]);
    selection.show('m');
    expect([served(selection)?.[0], selection.hidden]).toEqual([[1, 2], []]);
  });
});

describe('with a list', () => {
  const cases: [string, Choice, readonly number[], Channels][] = [
    ['that says no more', { labels: {} }, [1, 2], channels],
    ['of labels', { labels: { mine: 3 } }, [1, 2, 3], { stable: 2, labels: { old: 1, mine: 3 } }],
    ['of the newest two', { versions: { latest: 2 }, labels: {} }, [2, 3], { labels: { old: 1 } }],
    ['of the newest nine', { versions: { latest: 9 }, labels: {} }, [1, 2, 3], { labels: { old: 1 } }],
    ['of these', { versions: { these: [3, 1, 7] }, labels: {} }, [1, 3], { labels: { old: 1 } }],
    ['of all', { versions: 'all', labels: { mine: 2 } }, [1, 2, 3], { labels: { old: 1, mine: 2 } }],
  ];
  test.each(cases)('%s', (_, choice, wanted, pointed) => {
    const selection = new Selection();
    selection.choose(new Map([['m', choice]]));
    expect(served(selection)).toEqual([wanted, pointed]);
    expect(served(selection, 'other')).toBeUndefined();
  });

  it('a model that is not on it is loaded all the same', () => {
    const selection = new Selection();
    selection.hide('m');
    selection.choose(new Map());
    expect([served(selection), selection.hidden]).toEqual([undefined, []]);
    selection.show('m');
    expect(served(selection)?.[0]).toEqual([1, 2]);
  });
});
