/** Values that the chart is tried with, those that it has to refuse, and those of the plain manifests. */

const STORES = {
  sql: { name: 'floe-stores', key: 'sql' },
  redis: { name: 'floe-stores', key: 'redis' },
  objectStore: { name: 'floe-stores' },
};

/** Everything at once. */
const ALL = {
  image: { registry: 'registry.example.com:5000', digest: `sha256:${'0'.repeat(64)}` },
  imagePullSecrets: [{ name: 'pull' }],
  commonLabels: { team: 'vision' },
  models: 's3://models/floe?endpoint=https://s3.example.com',
  config: { cacheOpen: 0.8, logLevel: 'info' },
  secrets: { ...STORES, ca: { name: 'ca' }, keys: { name: 'keys' }, tls: { name: 'tls' } },
  cache: { type: 'hostPath' },
  server: {
    admin: true,
    priorityClassName: 'high',
    maxSurge: '25%',
    nodeSelector: { disk: 'ssd' },
    tolerations: [{ key: 'inference', operator: 'Exists' }],
    podAnnotations: { note: 'one' },
    podLabels: { tier: 'front' },
    extraArgs: ['--access-log=false'],
    extraEnv: [{ name: 'TZ', value: 'UTC' }],
    extraVolumes: [{ name: 'extra', emptyDir: {} }],
    extraVolumeMounts: [{ name: 'extra', mountPath: '/extra' }],
  },
  balancer: { sticky: true, service: { type: 'LoadBalancer', annotations: { kind: 'internal' } } },
  worker: {
    enabled: true,
    gpu: { enabled: true, runtimeClassName: 'nvidia' },
    trainers: { keras: { command: ['python', 'train.py'] } },
    image: { repository: 'trainer', tag: '1' },
  },
  migrations: { enabled: true },
  autoscaling: { enabled: true, queueSeconds: 0.5 },
  ingress: { enabled: true, className: 'nginx', grpcHost: 'grpc.example.com', tlsSecret: 'web' },
  gateway: { enabled: true, parentRefs: [{ name: 'public' }], hostnames: ['floe.example.com'] },
  networkPolicy: {
    enabled: true,
    from: [{ namespaceSelector: { matchLabels: { team: 'web' } } }],
    egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }],
  },
  serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
};

export const VALUES: Readonly<Record<string, object>> = {
  'as it is': {},
  everything: ALL,
  'models on a volume': { modelsVolume: { persistentVolumeClaim: { claimName: 'models', readOnly: true } } },
  'a cache that is claimed': { cache: { type: 'persistentVolumeClaim', claimName: 'cache' } },
  'no balancer': { balancer: { enabled: false }, ingress: { enabled: true } },
  'a worker on the CPU': { secrets: STORES, models: 's3://models', worker: { enabled: true } },
  'a worker on a volume': {
    modelsVolume: { persistentVolumeClaim: { claimName: 'models' } },
    secrets: STORES,
    worker: { enabled: true },
  },
  'a budget of those that stay': { podDisruptionBudget: { minAvailable: '50%' } },
  'a worker with GPUs': {
    secrets: STORES,
    models: 's3://models',
    worker: { enabled: true, gpu: { enabled: true, count: 2, runtimeClassName: 'nvidia' } },
  },
  'a bucket, by the role of a pod': { models: 's3://models?region=eu-central-1' },
  'an ingress': { ingress: { enabled: true, className: 'nginx', grpcHost: 'grpc.example.com' } },
  'a gateway': { gateway: { enabled: true, parentRefs: [{ name: 'public' }] } },
  'servers with TLS': { secrets: { tls: { name: 'tls' } } },
  'policies without peers': { networkPolicy: { enabled: true } },
};

export const BAD: readonly { readonly values: object; readonly says: string }[] = [
  { values: { replicas: -1 }, says: "'replicas'" },
  { values: { config: { slots: -1 } }, says: '/config/slots' },
  { values: { config: { slot: 1 } }, says: "'slot'" },
  { values: { config: { drainSeconds: 5 } }, says: 'config.drainSeconds' },
  { values: { config: { sql: 'postgres://floe:secret@db/floe' } }, says: 'config.sql' },
  { values: { config: { grpcPort: 9000 } }, says: 'config.grpcPort' },
  { values: { commonLabels: { 'app.kubernetes.io/name': 'mine' } }, says: 'app.kubernetes.io/name' },
  { values: { modelsVolume: { persistentVolumeClam: {} } }, says: 'persistentVolumeClam' },
  { values: { server: { resources: { limits: { memory: 'lots' } } } }, says: '/server/resources/limits/memory' },
  { values: { server: { extraEnv: [{ nam: 'TZ' }] } }, says: "'nam'" },
  { values: { server: { tolerations: [{ effect: 'Never' }] } }, says: '/server/tolerations/0/effect' },
  { values: { balancer: { image: { tag: '' } } }, says: 'balancer.image.tag' },
  { values: { autoscaling: { enabled: true, maxReplicas: 64 } }, says: 'balancer.maxServers' },
  { values: { podDisruptionBudget: { minAvailable: 'half' } }, says: '/podDisruptionBudget/minAvailable' },
  { values: { worker: { enabled: true }, secrets: STORES }, says: 'modelsVolume' },
  {
    values: {
      worker: { enabled: true },
      secrets: STORES,
      modelsVolume: { persistentVolumeClaim: { claimName: 'models', readOnly: true } },
    },
    says: 'modelsVolume.persistentVolumeClaim.readOnly',
  },
  { values: { worker: { trainers: { keras: { program: 'train.py' } } } }, says: '/worker/trainers/keras' },
  { values: { gateway: { enabled: true, parentRefs: [{ nam: 'public' }] } }, says: "'nam'" },
  { values: { server: { replicas: -1 } }, says: '/server/replicas' },
  { values: { server: { replica: 1 } }, says: "'replica'" },
  { values: { server: { drainSeconds: 'long' } }, says: '/server/drainSeconds' },
  { values: { image: { pullPolicy: 'Sometimes' } }, says: '/image/pullPolicy' },
  { values: { image: { digest: 'md5:0' } }, says: '/image/digest' },
  { values: { models: '' }, says: '/models' },
  { values: { cache: { type: 'ram' } }, says: '/cache/type' },
  { values: { cache: { type: 'persistentVolumeClaim' } }, says: 'cache.claimName' },
  { values: { secrets: { sql: 'postgres://floe:secret@db/floe' } }, says: '/secrets/sql' },
  { values: { balancer: { retryBytes: 1 } }, says: '/balancer/retryBytes' },
  { values: { worker: { enabled: true } }, says: 'secrets.sql.name' },
  { values: { migrations: { enabled: true } }, says: 'secrets.sql.name' },
  { values: { server: { admin: true } }, says: 'secrets.keys.name' },
  { values: { gateway: { enabled: true } }, says: 'gateway.parentRefs' },
  { values: { autoscaling: { enabled: true, minReplicas: 5, maxReplicas: 2 } }, says: 'autoscaling.minReplicas' },
  { values: { models: 's3://models', server: { gpu: true } }, says: "'gpu'" },
];

/** By file name. */
export const PLAIN: Readonly<Record<string, object>> = {
  // Models of a volume claim, nothing beside.
  floe: { modelsVolume: { persistentVolumeClaim: { claimName: 'models', readOnly: true } } },
  // Models in a bucket, feedback, shared answers and a worker that trains.
  'floe-training': {
    models: 's3://models/floe?endpoint=http://s3:9000',
    secrets: STORES,
    worker: { enabled: true },
    migrations: { enabled: true },
  },
};
