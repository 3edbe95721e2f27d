/** What happens to a cluster: pods that are replaced, told to go, killed and starved, and stores that are away. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { kubectl, kubectlJson, NAMESPACE, until } from './shell.ts';

interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly status: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly restartCount: number; readonly containerID?: string }[];
  };
}

const PAGE = 4096;
const SERVER = 'app.kubernetes.io/name=floe,app.kubernetes.io/component=server';

export async function serverPods(): Promise<readonly Pod[]> {
  const { items } = await kubectlJson<{ items: readonly Pod[] }>('get', 'pods', '--selector', SERVER);
  return items;
}

/** Throws where there is none. */
export async function oneServer(): Promise<Pod> {
  const [pod] = await serverPods();
  if (pod === undefined) throw new Error('there is no server');
  return pod;
}

function isReady({ metadata, status }: Pod): boolean {
  const ready = status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
  return ready && metadata.deletionTimestamp === undefined;
}

/** Waits until so many replicas are ready and no other pod of them is left. */
export function settled(replicas: number, seconds = 120): Promise<void> {
  return until(`${replicas} replicas are ready`, seconds, async () => {
    const pods = await serverPods();
    return pods.length === replicas && pods.every(isReady);
  });
}

/** Evicts as draining a node does, where the disruption budget allows it. */
async function evict(pod: string): Promise<'evicted' | 'not now'> {
  const path = `/api/v1/namespaces/${NAMESPACE}/pods/${pod}/eviction`;
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod, namespace: NAMESPACE } };
  const file = join(process.env['STATE'] ?? '', 'eviction.json');
  await writeFile(file, JSON.stringify(body));
  try {
    await kubectl('create', '--raw', path, '--filename', file);
    return 'evicted';
  } catch (error) {
    if (/disruption budget/.test((error as Error).message)) return 'not now';
    throw error;
  }
}

/** Evicts every server pod, as a drained node would, as soon as the budget allows each. Gives how often it did not. */
export async function drainServers(replicas: number): Promise<number> {
  let refused = 0;
  for (const { metadata } of await serverPods()) {
    await until(`${metadata.name} may be evicted`, 120, async () => {
      if ((await evict(metadata.name)) === 'evicted') return true;
      refused++;
      return false;
    });
  }
  await settled(replicas);
  return refused;
}

/** Kills a server's process from outside its container. */
export async function killServer(): Promise<void> {
  const pod = await oneServer();
  process.kill(await processOf(pod), 'SIGKILL');
  await restarted(pod);
}

/** Takes a server's memory away until the kernel kills it for want of more. */
export async function starveServer(): Promise<void> {
  const pod = await oneServer();
  const { usage, limit } = await memoryOf(await processOf(pod));
  const squeeze = setInterval(() => void squeezed(usage, limit), 100);
  await restarted(pod).finally(() => clearInterval(squeeze));
}

/** Just above what it uses, again and again: a lower one is refused. The next page that it asks for more ends it. */
async function squeezed(usage: string, limit: string): Promise<void> {
  const used = Number(await readFile(usage, 'utf8').catch(() => 0));
  await writeFile(limit, String(used + PAGE)).catch(() => {});
}

/** The files of the memory group that a process is in, of either version of cgroups. */
async function memoryOf(pid: number): Promise<{ readonly usage: string; readonly limit: string }> {
  const groups = await readFile(`/proc/${pid}/cgroup`, 'utf8');
  const first = /^\d+:memory:(.*)$/m.exec(groups)?.[1];
  if (first !== undefined) {
    const folder = `/sys/fs/cgroup/memory${first}`;
    return { usage: join(folder, 'memory.usage_in_bytes'), limit: join(folder, 'memory.limit_in_bytes') };
  }
  const folder = `/sys/fs/cgroup${/^0::(.*)$/m.exec(groups)?.[1] ?? ''}`;
  return { usage: join(folder, 'memory.current'), limit: join(folder, 'memory.max') };
}

async function restarted({ metadata, status }: Pod): Promise<void> {
  const before = status.containerStatuses?.[0]?.restartCount ?? 0;
  await until(`${metadata.name} is started again`, 60, async () => {
    const pod = (await serverPods()).find((one) => one.metadata.name === metadata.name);
    return pod !== undefined && (pod.status.containerStatuses?.[0]?.restartCount ?? 0) > before && isReady(pod);
  });
}

/** Of the server in a pod, as this machine numbers it. */
async function processOf({ metadata, status }: Pod): Promise<number> {
  const id = status.containerStatuses?.[0]?.containerID?.replace('containerd://', '') ?? '';
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const groups = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
    if (!groups.includes(id)) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command.includes('dist/cli/container.js')) return Number(pid);
  }
  throw new Error(`no process of ${metadata.name} is found`);
}

/** Takes a store away for so many seconds. */
export async function without(store: string, seconds: number): Promise<void> {
  await kubectl('scale', `deployment/${store}`, '--replicas', '0');
  await kubectl('wait', '--for=delete', 'pod', '--selector', `app=${store}`, '--timeout=60s');
  await delay(seconds * 1000);
  await kubectl('scale', `deployment/${store}`, '--replicas', '1');
  await kubectl('rollout', 'status', `deployment/${store}`, '--timeout=60s');
}
