import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ModelRepository } from '../../packages/server/src/registry/repository.ts';
import { openObjectStore } from '../../packages/server/src/store/objects/open.ts';
import { keysOf, objectContract } from '../../packages/server/test/store/objects/contract.ts';
import { frozenDigits } from '../../packages/server/test/support/frozen-digits.ts';
import { type Fault, FaultProxy } from './fault-proxy.ts';
import { CREDENTIALS, S3Process } from './s3-process.ts';

let server: S3Process;
let folder = '';
beforeAll(async () => {
  Object.assign(process.env, CREDENTIALS);
  folder = await mkdtemp(join(tmpdir(), 'floe-s3-test-'));
  server = await S3Process.start();
});
afterAll(async () => {
  await server.remove();
  await rm(folder, { recursive: true, force: true });
});

let buckets = 0;
const bucket = (endpoint?: string): string => server.bucket(`bucket${buckets++}`, endpoint);

describe('objects in a bucket', () => {
  objectContract(async () => {
    const url = bucket();
    return { store: await openObjectStore(url), second: await openObjectStore(url) };
  });

  it('are listed page by page', async () => {
    const store = await openObjectStore(bucket());
    const keys = Array.from({ length: 1100 }, (_, at) => `many/${String(at).padStart(5, '0')}`);
    for (let at = 0; at < keys.length; at += 50)
      await Promise.all(keys.slice(at, at + 50).map((key) => store.put(key, Buffer.from('x'))));
    expect(await keysOf(store, 'many/')).toEqual(keys);
    store.close();
  });

  it('are there by TLS with the authority that is named, and not without it', async () => {
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject],
      {
        stdio: 'ignore',
      },
    );
    const secure = await S3Process.start({ cert, key });
    const url = secure.bucket('secure');
    const [store, stranger] = [await openObjectStore(`${url}&ca=${cert}`), await openObjectStore(url)];
    await store.put('a', Buffer.from('x'));
    expect(await keysOf(store)).toEqual(['a']);
    await expect(stranger.get('a')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    store.close();
    stranger.close();
    await secure.remove();
  });

  it('are asked for by way of a proxy that the environment names', async () => {
    const proxy = await FaultProxy.start(server.port);
    process.env['HTTP_PROXY'] = proxy.endpoint;
    const store = await openObjectStore(bucket());
    delete process.env['HTTP_PROXY'];
    await store.put('a', Buffer.from('x'));
    expect(proxy.requests).toEqual([expect.stringMatching(/^PUT http:\/\/127\.0\.0\.1:\d+\/bucket\d+\/models\/a/)]);
    store.close();
    await proxy.close();
  });

  it('say whether the bucket, the key or the server is what is wrong', async () => {
    const none = await openObjectStore(`s3://nothing-here?endpoint=${server.endpoint}`);
    await expect(none.get('a')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('s3://nothing-here/a') as string,
    });
    none.close();
    const secret = process.env['AWS_SECRET_ACCESS_KEY'];
    process.env['AWS_SECRET_ACCESS_KEY'] = 'wrong';
    const stranger = await openObjectStore(bucket());
    await expect(stranger.put('a', Buffer.from('x'))).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    process.env['AWS_SECRET_ACCESS_KEY'] = secret;
    stranger.close();
    const away = await openObjectStore('s3://bucket?endpoint=http://127.0.0.1:9');
    await expect(away.get('a')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    away.close();
  });
});

describe('a repository behind a bad connection', () => {
  async function behind(): Promise<{ proxy: FaultProxy; repository: ModelRepository }> {
    const proxy = await FaultProxy.start(server.port);
    return { proxy, repository: new ModelRepository(await openObjectStore(bucket(proxy.endpoint))) };
  }

  it.each<Fault>([
    { kind: 'status', status: 500, times: 2 },
    { kind: 'status', status: 503, times: 2 },
    { kind: 'break-off', times: 1 },
    { kind: 'silence', times: 1 },
  ])('publishes and brings nevertheless: $kind $status', async (fault) => {
    const { proxy, repository } = await behind();
    proxy.fault = { ...fault } as Fault;
    expect(await repository.publish('digits', await frozenDigits(folder), { by: 'ann' })).toBe(1);
    proxy.fault = { ...fault } as Fault;
    await repository.bring('digits', 1, join(folder, `brought-${buckets}`));
    repository.objects.close();
    await proxy.close();
  });

  it('finds lies out, and keeps nothing of them', async () => {
    const { proxy, repository } = await behind();
    await repository.publish('digits', await frozenDigits(folder), { by: 'ann' });
    const manifest = await repository.manifest('digits', 1);
    expect(manifest.version).toBe(1);
    const into = join(folder, 'lies');
    const get = repository.objects.get.bind(repository.objects);
    repository.objects.get = async (...args) => {
      const found = await get(...args);
      proxy.fault = { kind: 'lie', times: 1 };
      return found;
    };
    await expect(repository.bring('digits', 1, into)).rejects.toMatchObject({ code: 'DATA_LOSS' });
    expect(await readdir(join(into, 'digits'))).toEqual([]);
    repository.objects.close();
    await proxy.close();
  });

  it('gives two publishers two versions, and both are in the index', async () => {
    const url = bucket();
    const publishers = await Promise.all(
      Array.from({ length: 3 }, async () => new ModelRepository(await openObjectStore(url))),
    );
    const source = await frozenDigits(folder);
    const versions = await Promise.all(publishers.map((one) => one.publish('digits', source, { by: 'ann' })));
    expect(versions.sort()).toEqual([1, 2, 3]);
    const moves = publishers.map((one, at) =>
      one.changeChannels('digits', (is) => ({ ...is, labels: { ...is.labels, [`l${at}`]: 1 } }), { by: 'ann' }),
    );
    await Promise.all(moves);
    const [first] = publishers as [ModelRepository];
    expect(Object.keys((await first.channels('digits')).labels)).toHaveLength(3);
    for (const one of publishers) one.objects.close();
  });
});
