/** How soon a container is ready after it started, with a model from the repository: the first time on a node, and again. */
import { join } from 'node:path';
import type { Checks } from './checks.ts';
import { publishPhotos, type Source } from './models.ts';
import { helm, kubectl, logOf, until, upgrade } from './shell.ts';

/** Milliseconds. What fails here is three times that: a machine may have other work. */
const MOST = { mobilenet: 2000, resnet50: 3000 } as const;
const SLACK = 3;
const RELEASE = 'start';

export type Starts = Readonly<Record<string, { readonly first: number; readonly again: number }>>;

export async function startTimes(
  checks: Checks,
  models: { readonly mobilenet: Source; readonly resnet: Source },
  folder: string,
  s3: string,
): Promise<Starts> {
  await helm('uninstall', 'floe', '--wait');
  const times: Record<string, { first: number; again: number }> = {};
  for (const source of [models.mobilenet, models.resnet]) {
    const own = s3.replace('/floe?', `/${source.name}-alone?`);
    await publishPhotos(source, join(folder, 'alone', source.name), own);
    await install(own.replace(/endpoint=[^&]*/, 'endpoint=http://s3:9000'));
    const first = await readyMs(checks);
    await kubectl('rollout', 'restart', `deployment/${RELEASE}-floe`);
    await kubectl('rollout', 'status', `deployment/${RELEASE}-floe`, '--timeout=60s');
    const again = await readyMs(checks);
    times[source.name] = { first, again };
    const most = MOST[source.name as keyof typeof MOST];
    checks.that(
      `${source.name} is ready soon after its container started`,
      again <= SLACK * most,
      `${again} ms, the first time ${first} ms (at most ${most})`,
    );
    await helm('uninstall', RELEASE, '--wait');
  }
  return times;
}

function install(models: string): Promise<void> {
  const set = [
    `models=${models}`,
    'server.replicas=1',
    'balancer.enabled=false',
    'worker.enabled=false',
    'migrations.enabled=false',
    'secrets.sql.name=',
  ];
  return upgrade(RELEASE, set, 60);
}

/** As the newest pod's log says, from the start of the process. */
async function readyMs(checks: Checks): Promise<number> {
  let ready = Number.NaN;
  await until('the log says when it was ready', 20, async () => {
    const [pod = ''] = (
      await kubectl(
        'get',
        'pods',
        '--selector',
        `app.kubernetes.io/instance=${RELEASE}`,
        '--sort-by=.metadata.creationTimestamp',
        '--output',
        'name',
      )
    )
      .trim()
      .split('\n')
      .reverse();
    const said = await logOf<{ readonly msg: string; readonly ms?: number; readonly model?: string }>(pod);
    const line = said.find(({ msg }) => msg === 'ready');
    if (line?.ms === undefined) return false;
    ready = line.ms;
    const { model = '', ...phases } = said.find(({ msg }) => msg === 'loaded') ?? { msg: '' };
    const { bringMs, freezeMs, openMs } = phases as Record<string, unknown>;
    checks.say(`${model}: ready after ${ready} ms (brought ${bringMs}, frozen ${freezeMs}, opened ${openMs})`);
    return true;
  });
  return ready;
}
