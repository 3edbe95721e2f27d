/** How a training yields: outside of all groups by the idle class, in a group or a container by niceness alone. Needs root, for a group of its own. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';

const YIELDING = new URL('../../packages/server/dist/train/process/yielding.js', import.meta.url).href;
/** Starts a program as a training is, which says its niceness and its class: 0 is everybody's, 5 the idle one. */
const ASK = `
  const { yielding } = await import('${YIELDING}');
  const { execFileSync } = await import('node:child_process');
  const [name, ...args] = await yielding();
  const stat = execFileSync(name, [...args, 'cat', '/proc/self/stat'], { encoding: 'utf8' });
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  console.log('niceness ' + fields[16] + ', class ' + fields[38]);`;

const isVersion2 = existsSync('/sys/fs/cgroup/cgroup.controllers');
const mounted = isVersion2 ? '/sys/fs/cgroup' : '/sys/fs/cgroup/cpu';
const group = `${mounted}/floe-yielding-${process.pid}`;
beforeAll(() => void mkdirSync(group));
afterAll(() => rmdirSync(group));

function askedAfter(shell: string): string {
  return execFileSync('sh', ['-ec', `${shell} "$@"`, 'sh', process.execPath, '--input-type=module', '-e', ASK], {
    encoding: 'utf8',
  }).trim();
}

/** Not where all of this runs in a container. */
const isRootThere = isVersion2 ? !existsSync(`${mounted}/cgroup.type`) : existsSync(`${mounted}/release_agent`);

it.runIf(isRootThere && existsSync('/proc/self/autogroup'))(
  'outside of all groups, where sessions share the CPU: by the idle class',
  () => {
    expect(askedAfter(`echo $$ > ${mounted}/cgroup.procs; exec`)).toBe('niceness 19, class 5');
  },
);

it('in a group: by niceness, for the idle class would starve beside who serves in it', () => {
  expect(askedAfter(`echo $$ > ${group}/cgroup.procs; exec`)).toBe('niceness 19, class 0');
});

// A container sees its own group as the root of all: only the files in it tell.
it('in a container: the same', () => {
  const own = isVersion2 ? '^0::/$' : '[:,]cpu[:,].*/$';
  const inContainer = `mount --bind ${group} ${mounted}; grep -q "${own}" /proc/self/cgroup; exec "$@"`;
  const start = `exec unshare --cgroup --mount sh -ec '${inContainer}' sh`;
  expect(askedAfter(`echo $$ > ${group}/cgroup.procs; ${start}`)).toBe('niceness 19, class 0');
});
