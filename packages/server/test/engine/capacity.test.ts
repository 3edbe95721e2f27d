import { expect, it } from 'vitest';
import { type CpuSnapshot, capacityOf, cpusOf, readCpus, threadPoolSize } from '../../src/engine/index.ts';

const FREE: CpuSnapshot = { parallelism: 8, cpuMax: '', cfsQuota: '', cfsPeriod: '' };

it.each<[string, Partial<CpuSnapshot>, number]>([
  ['no control group', {}, 8],
  ['no quota (v2)', { cpuMax: 'max 100000' }, 8],
  ['a quota of 2 CPUs (v2)', { cpuMax: '200000 100000' }, 2],
  ['a quota of 1.5 CPUs (v2)', { cpuMax: '150000 100000' }, 2],
  ['a quota of a tenth (v2)', { cpuMax: '10000 100000' }, 1],
  ['a quota above the machine (v2)', { cpuMax: '6400000 100000' }, 8],
  ['no quota (v1)', { cfsQuota: '-1', cfsPeriod: '100000' }, 8],
  ['a quota of 3 CPUs (v1)', { cfsQuota: '300000', cfsPeriod: '100000' }, 3],
  ['nonsense', { cpuMax: 'lots' }, 8],
])('counts CPUs with %s', (_, snapshot, cpus) => {
  expect(cpusOf({ ...FREE, ...snapshot })).toBe(cpus);
});

it('plans one run of one thread for each CPU, and four pool threads for everything else', () => {
  expect(capacityOf({ ...FREE, cpuMax: '200000 100000' })).toEqual({ slots: 2, intraOpThreads: 1, threadPoolSize: 6 });
  expect(threadPoolSize(5)).toBe(9);
  expect(cpusOf(readCpus())).toBeGreaterThan(0);
});
