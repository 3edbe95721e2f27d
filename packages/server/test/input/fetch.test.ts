/** Images by URL: what is fetched, what is refused and why, against real servers. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fetcherFor, forever, image, type Origin, startOrigin, toLoopback } from './origin.ts';

const BODY = Buffer.from('a picture');
let origin: Origin;
beforeAll(async () => {
  origin = await startOrigin(image(BODY));
});
afterAll(() => origin[Symbol.asyncDispose]());

const refused = (code: string, message: RegExp) =>
  expect.objectContaining({ name: 'FloeError', code, message: expect.stringMatching(message) });

describe('a URL', () => {
  test('gives its bytes', async () => {
    origin.handler = image(BODY);
    await using fetcher = fetcherFor(origin);
    expect(await fetcher.text(`${origin.url}/a.jpg`)).toBe('a picture');
  });

  test('of an unknown type is left to its first bytes', async () => {
    await using fetcher = fetcherFor(origin);
    for (const type of ['application/octet-stream', 'binary/octet-stream', '']) {
      origin.handler = (_request, response) =>
        response.writeHead(200, type === '' ? {} : { 'content-type': type }).end(BODY);
      expect(await fetcher.text(`${origin.url}/a`)).toBe('a picture');
    }
  });

  test.each([
    ['not a url', 'INVALID_ARGUMENT', /^input x: the URL: this is no URL$/],
    ['ftp://images.test/a', 'INVALID_ARGUMENT', /ftp: is not fetched/],
    ['file:///etc/passwd', 'INVALID_ARGUMENT', /file: is not fetched/],
    ['data:image/png;base64,AAAA', 'INVALID_ARGUMENT', /data: is not fetched/],
    ['https://user:secret@images.test/a', 'INVALID_ARGUMENT', /a URL with a password/],
    [`https://images.test/${'a'.repeat(9000)}`, 'INVALID_ARGUMENT', /this is no URL/],
    [
      'https://other.test/a?key=secret',
      'PERMISSION_DENIED',
      /^input x: https:\/\/other\.test\/a\?…: the server may not fetch from there/,
    ],
    ['http://127.0.0.1/a', 'PERMISSION_DENIED', /may not fetch from there/],
  ])('%s is refused', async (url, code, message) => {
    await using fetcher = fetcherFor(origin);
    const failed = await fetcher.fetch(url, 'x', forever()).catch((error: unknown) => error);
    expect(failed).toEqual(refused(code, message));
    expect(JSON.stringify(failed)).not.toContain('secret');
  });

  test.each([
    [404, 'INVALID_ARGUMENT', /its server answers 404$/],
    [403, 'INVALID_ARGUMENT', /answers 403/],
    [206, 'INVALID_ARGUMENT', /answers 206/],
    [500, 'UNAVAILABLE', /answers 500/],
    [429, 'UNAVAILABLE', /answers 429/],
  ])('that answers %i is %s', async (status, code, message) => {
    origin.handler = (_request, response) => response.writeHead(status).end('no');
    await using fetcher = fetcherFor(origin);
    await expect(fetcher.text(`${origin.url}/a`)).rejects.toEqual(refused(code, message));
  });

  test.each([
    [{ 'content-type': 'text/html; charset=utf-8' }, /it is text\/html; only JPEG, PNG and WebP/],
    [{ 'content-type': 'image/svg+xml' }, /it is image\/svg\+xml/],
    [{ 'content-type': 'image/png', 'content-encoding': 'gzip' }, /content-encoding gzip/],
  ])('of the type %o is refused', async (headers, message) => {
    origin.handler = image(BODY, headers);
    await using fetcher = fetcherFor(origin);
    await expect(fetcher.text(`${origin.url}/a`)).rejects.toEqual(refused('INVALID_ARGUMENT', message));
  });
});

describe('addresses', () => {
  test('that are not public are refused after DNS', async () => {
    await using fetcher = fetcherFor(origin, { networks: [] });
    const asked = origin.asked.length;
    await expect(fetcher.text(`${origin.url}/a`)).rejects.toEqual(
      refused('PERMISSION_DENIED', /the host has no public address$/),
    );
    expect(origin.asked.length).toBe(asked);
  });

  test('written as such are checked without DNS', async () => {
    await using fetcher = fetcherFor(origin, { hosts: ['*', 'http://*', `http://*:${origin.port}`], networks: [] });
    const hosts = ['127.0.0.1', '2130706433', '0x7f.1', '[::1]', '[::ffff:127.0.0.1]', '[64:ff9b::7f00:1]'];
    for (const host of hosts) {
      await expect(fetcher.text(`http://${host}:${origin.port}/a`)).rejects.toEqual(
        refused('PERMISSION_DENIED', /the address is not public$/),
      );
    }
  });

  test('that are not allowed are left out where a name has others', async () => {
    origin.handler = image(BODY);
    const resolve = async () => [
      { address: '10.255.255.1', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ];
    await using fetcher = fetcherFor(origin, {}, resolve);
    expect(await fetcher.text(`${origin.url}/a`)).toBe('a picture');
  });

  test('are asked for once for each connection, so that what was checked is what is connected to', async () => {
    origin.handler = image(BODY, { connection: 'close' });
    const answers = ['127.0.0.1', '10.0.0.1'];
    await using fetcher = fetcherFor(origin, {}, async () => [{ address: answers.shift() ?? '', family: 4 }]);
    expect(await fetcher.text(`${origin.url}/a`)).toBe('a picture');
    await expect(fetcher.text(`${origin.url}/a`)).rejects.toEqual(refused('PERMISSION_DENIED', /no public address/));
    expect(answers).toEqual([]);
  });

  test('that a name does not have make it unreachable', async () => {
    await using fetcher = fetcherFor(origin, {}, async () => {
      throw Object.assign(new Error('getaddrinfo ENOTFOUND images.test'), { code: 'ENOTFOUND' });
    });
    await expect(fetcher.text(`${origin.url}/a`)).rejects.toEqual(
      refused('UNAVAILABLE', /its server cannot be reached \(ENOTFOUND\)/),
    );
  });
});

describe('redirects', () => {
  const redirect = (to: string, status = 302): void => {
    origin.handler = (request, response) => {
      if (request.url === '/a') response.writeHead(status, { location: to }).end('moved');
      else image(BODY)(request, response);
    };
  };

  test.each([301, 302, 303, 307, 308])('(%i) are followed', async (status) => {
    redirect('/b', status);
    await using fetcher = fetcherFor(origin);
    expect(await fetcher.text(`${origin.url}/a`)).toBe('a picture');
  });

  test.each([
    ['to a private address', 'http://169.254.169.254/latest', ['http://*'], /the address is not public/],
    [
      'to a private address by another spelling',
      'http://[::ffff:a9fe:a9fe]/',
      ['http://*'],
      /the address is not public/,
    ],
    ['to a host that is not allowed', 'https://other.test/', [], /may not fetch from there/],
    ['to another port', 'http://images.test:1/', [], /may not fetch from there/],
  ])('%s are refused', async (_what, to, hosts, message) => {
    redirect(to);
    await using fetcher = fetcherFor(origin, { hosts: [origin.host, ...hosts] });
    await expect(fetcher.text(`${origin.url}/a`)).rejects.toEqual(refused('PERMISSION_DENIED', message));
  });

  test('to a name that resolves to a private address are refused', async () => {
    redirect('http://internal.test/');
    const resolve = async (host: string) => [{ address: host === 'images.test' ? '127.0.0.1' : '10.0.0.7', family: 4 }];
    await using fetcher = fetcherFor(origin, { hosts: [origin.host, 'http://internal.test'] }, resolve);
    await expect(fetcher.text(`${origin.url}/a`)).rejects.toEqual(refused('PERMISSION_DENIED', /no public address/));
  });

  test.each([
    ['without end', '/a', /more than 3 redirects/],
    ['to another protocol', 'file:///etc/passwd', /file: is not fetched/],
    ['to nowhere', 'http://', /a redirect to no URL/],
  ])('%s are refused', async (_what, to, message) => {
    redirect(to);
    await using fetcher = fetcherFor(origin);
    await expect(fetcher.text(`${origin.url}/a`)).rejects.toEqual(refused('INVALID_ARGUMENT', message));
  });
});

describe('limits', () => {
  test('of bytes hold whether the length is told or not', async () => {
    await using fetcher = fetcherFor(origin, { maxBytes: 1000 });
    origin.handler = image(Buffer.alloc(1001));
    await expect(fetcher.text(`${origin.url}/a`)).rejects.toEqual(
      refused('INVALID_ARGUMENT', /larger than 1000 bytes/),
    );
    origin.handler = (_request, response) => {
      response.writeHead(200, { 'content-type': 'image/png' });
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(500)));
      };
      response.on('drain', more);
      more();
    };
    await expect(fetcher.text(`${origin.url}/b`)).rejects.toEqual(refused('INVALID_ARGUMENT', /larger than/));
    origin.handler = image(Buffer.alloc(1000, 97));
    expect(await fetcher.text(`${origin.url}/c`)).toHaveLength(1000);
  });

  test('of time hold for a server that says nothing', async () => {
    origin.handler = () => {};
    await using fetcher = fetcherFor(origin, { idleSeconds: 0.2 });
    await expect(fetcher.text(`${origin.url}/a`)).rejects.toEqual(
      refused('DEADLINE_EXCEEDED', /too slow \(UND_ERR_\w+_TIMEOUT\)/),
    );
  });

  test('of time hold for a body that stops', async () => {
    origin.handler = (_request, response) => {
      response.writeHead(200, { 'content-type': 'image/png' }).write('begin');
    };
    await using fetcher = fetcherFor(origin, { idleSeconds: 0.2 });
    await expect(fetcher.text(`${origin.url}/a`)).rejects.toEqual(
      refused('DEADLINE_EXCEEDED', /too slow \(UND_ERR_\w+_TIMEOUT\)/),
    );
  });

  test('of time hold for a body that trickles', async () => {
    origin.handler = (_request, response) => {
      response.writeHead(200, { 'content-type': 'image/png' });
      const timer = setInterval(() => response.write('.'), 10);
      response.on('close', () => clearInterval(timer));
    };
    await using fetcher = fetcherFor(origin, { totalSeconds: 0.2 });
    await expect(fetcher.text(`${origin.url}/a`)).rejects.toEqual(refused('DEADLINE_EXCEEDED', /it took over 0\.2 s/));
  });

  test('of time hold for a name service that says nothing', async () => {
    await using fetcher = fetcherFor(origin, { idleSeconds: 0.2 }, () => new Promise(() => {}));
    await expect(fetcher.text(`${origin.url}/a`)).rejects.toEqual(
      refused('DEADLINE_EXCEEDED', /too slow \(UND_ERR_CONNECT_TIMEOUT\)/),
    );
  });

  test('of time hold for those who wait for a place, too', async () => {
    origin.handler = () => {};
    await using fetcher = fetcherFor(origin, { concurrency: 1, totalSeconds: 0.1 });
    const asked = origin.asked.length;
    const both = await Promise.allSettled([fetcher.text(`${origin.url}/1`), fetcher.text(`${origin.url}/2`)]);
    const late = refused('DEADLINE_EXCEEDED', /it took over 0\.1 s/);
    expect(both.map((one) => (one as PromiseRejectedResult).reason)).toEqual([late, late]);
    expect(origin.asked.length - asked).toBeLessThanOrEqual(1);
    expect(fetcher.stats()).toMatchObject({ fetched: 0, failed: 2 });
  });

  test('of headers hold', async () => {
    origin.handler = image(BODY, { 'x-large': 'x'.repeat(20_000) });
    await using fetcher = fetcherFor(origin);
    await expect(fetcher.text(`${origin.url}/a`)).rejects.toEqual(
      refused('UNAVAILABLE', /\(UND_ERR_HEADERS_OVERFLOW\)/),
    );
  });

  test('of fetches at a time make others wait', async () => {
    let inside = 0;
    let most = 0;
    origin.handler = (request, response) => {
      inside += 1;
      most = Math.max(most, inside);
      response.on('close', () => {
        inside -= 1;
      });
      setImmediate(() => image(BODY)(request, response));
    };
    await using fetcher = fetcherFor(origin, { concurrency: 2 });
    await Promise.all(Array.from({ length: 12 }, (_, i) => fetcher.text(`${origin.url}/${i}`)));
    expect(most).toBeLessThanOrEqual(2);
  });
});

describe('a broken server', () => {
  test.each([
    ['that hangs up', (socket: { destroy(): void }) => socket.destroy()],
    ['that talks nonsense', (socket: { end(text: string): void }) => socket.end('this is no HTTP\r\n\r\n')],
    [
      'that stops in the middle',
      (socket: { end(text: string): void }) =>
        socket.end('HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: 100\r\n\r\nhalf'),
    ],
  ])('%s is UNAVAILABLE', async (_what, act) => {
    origin.handler = (request) => act(request.socket);
    await using fetcher = fetcherFor(origin);
    await expect(fetcher.text(`${origin.url}/a`)).rejects.toEqual(
      refused('UNAVAILABLE', /^input x: http:\/\/images\.test:\d+\/a: its server cannot be reached \(/),
    );
  });

  test('that is not there is UNAVAILABLE, and its address stays unsaid', async () => {
    const gone = await startOrigin(image(BODY));
    await gone[Symbol.asyncDispose]();
    await using fetcher = fetcherFor(gone);
    const failed = await fetcher.text(`${gone.url}/a`).catch((error: Error) => error);
    expect(failed).toEqual(refused('UNAVAILABLE', /\(ECONNREFUSED\)/));
    expect(String(failed)).not.toContain('127.0.0.1');
  });
});

describe('HTTP caching', () => {
  const cached = { cacheBytes: 1 << 20 };

  test('keeps what may be kept', async () => {
    origin.handler = image(BODY, { 'cache-control': 'max-age=1000' });
    await using fetcher = fetcherFor(origin, cached);
    const asked = origin.asked.length;
    for (let i = 0; i < 3; i++) expect(await fetcher.text(`${origin.url}/kept`)).toBe('a picture');
    expect(origin.asked.length - asked).toBe(1);
  });

  test.each(['no-store', 'private, max-age=1000', 'max-age=0'])('asks again after %s', async (control) => {
    origin.handler = image(BODY, { 'cache-control': control });
    await using fetcher = fetcherFor(origin, cached);
    const asked = origin.asked.length;
    for (let i = 0; i < 2; i++) expect(await fetcher.text(`${origin.url}/again`)).toBe('a picture');
    expect(origin.asked.length - asked).toBe(2);
  });

  test('asks with the validator, and 304 gives what it had', async () => {
    const validators: (string | undefined)[] = [];
    origin.handler = (request, response) => {
      const known = request.headers['if-none-match'];
      validators.push(known);
      const headers = { etag: '"v1"', 'cache-control': 'no-cache' };
      if (known === '"v1"') response.writeHead(304, headers).end();
      else image(BODY, headers)(request, response);
    };
    await using fetcher = fetcherFor(origin, cached);
    for (let i = 0; i < 3; i++) expect(await fetcher.text(`${origin.url}/etag`)).toBe('a picture');
    expect(validators).toEqual([undefined, '"v1"', '"v1"']);
  });

  test('keeps what a 304 says is fresh again', async () => {
    let conditional = 0;
    origin.handler = (request, response) => {
      if (request.headers['if-modified-since'] === undefined) {
        image(BODY, { 'last-modified': 'Wed, 01 Jan 2025 00:00:00 GMT' })(request, response);
      } else {
        conditional += 1;
        response.writeHead(304, { 'cache-control': 'max-age=1000' }).end();
      }
    };
    await using fetcher = fetcherFor(origin, cached);
    for (let i = 0; i < 4; i++) expect(await fetcher.text(`${origin.url}/modified`)).toBe('a picture');
    expect(conditional).toBe(1);
  });

  test('follows redirects anew, to what is kept', async () => {
    origin.handler = (request, response) => {
      if (request.url === '/from') response.writeHead(302, { location: '/to' }).end();
      else image(BODY, { 'cache-control': 'max-age=1000' })(request, response);
    };
    await using fetcher = fetcherFor(origin, cached);
    const asked = origin.asked.length;
    for (let i = 0; i < 2; i++) expect(await fetcher.text(`${origin.url}/from`)).toBe('a picture');
    expect(origin.asked.slice(asked)).toEqual(['/from', '/to', '/from']);
  });

  test('takes what has changed', async () => {
    let version = 1;
    origin.handler = (request, response) =>
      image(Buffer.from(`picture ${version}`), { etag: `"v${version}"`, 'cache-control': 'no-cache' })(
        request,
        response,
      );
    await using fetcher = fetcherFor(origin, cached);
    expect(await fetcher.text(`${origin.url}/changes`)).toBe('picture 1');
    version = 2;
    expect(await fetcher.text(`${origin.url}/changes`)).toBe('picture 2');
  });

  test('checks the host of what is kept, too', async () => {
    origin.handler = image(BODY, { 'cache-control': 'max-age=1000' });
    await using fetcher = fetcherFor(origin, cached);
    await fetcher.text(`${origin.url}/secret`);
    await expect(fetcher.text(`http://other.test:${origin.port}/secret`)).rejects.toEqual(
      refused('PERMISSION_DENIED', /may not fetch/),
    );
  });

  test('keeps nothing that was cut', async () => {
    await using fetcher = fetcherFor(origin, cached);
    origin.handler = (request) =>
      request.socket.end(
        'HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncache-control: max-age=99\r\ncontent-length: 100\r\n\r\nhalf',
      );
    await expect(fetcher.text(`${origin.url}/cut`)).rejects.toEqual(refused('UNAVAILABLE', /cannot be reached/));
    origin.handler = image(BODY);
    expect(await fetcher.text(`${origin.url}/cut`)).toBe('a picture');
  });

  test('is bounded by bytes', async () => {
    origin.handler = image(Buffer.alloc(1000, 97), { 'cache-control': 'max-age=1000' });
    await using fetcher = fetcherFor(origin, { cacheBytes: 20_000 });
    const asked = origin.asked.length;
    for (let i = 0; i < 20; i++) await fetcher.text(`${origin.url}/many/${i}`);
    for (let i = 0; i < 20; i++) await fetcher.text(`${origin.url}/many/${i}`);
    expect(origin.asked.length - asked).toBeGreaterThan(30);
  });
});

describe('single flight', () => {
  /** Answers nothing until told to. */
  function held(): { arrived: Promise<void>; release: () => void; closed: Promise<unknown> } {
    const [arrived, released, closed] = [
      Promise.withResolvers<void>(),
      Promise.withResolvers<void>(),
      Promise.withResolvers<void>(),
    ];
    origin.handler = (request, response) => {
      arrived.resolve();
      response.on('close', () => closed.resolve());
      void released.promise.then(() => image(BODY)(request, response));
    };
    return { arrived: arrived.promise, release: released.resolve, closed: closed.promise };
  }

  test('asks once for all who wait, and one who leaves disturbs nobody', async () => {
    const { arrived, release } = held();
    await using fetcher = fetcherFor(origin);
    const asked = origin.asked.length;
    const first = new AbortController();
    const leader = fetcher.text(`${origin.url}/once`, { signal: first.signal });
    const followers = [fetcher.text(`${origin.url}/once`), fetcher.text(`${origin.url}/once#fragment`)];
    await arrived;
    first.abort();
    await expect(leader).rejects.toEqual(refused('CANCELLED', /the caller has gone/));
    release();
    expect(await Promise.all(followers)).toEqual(['a picture', 'a picture']);
    expect(origin.asked.length - asked).toBe(1);
  });

  test('ends when the last one has left', async () => {
    const { arrived, closed } = held();
    await using fetcher = fetcherFor(origin);
    const callers = [new AbortController(), new AbortController()];
    const waiting = callers.map(({ signal }) => fetcher.text(`${origin.url}/left`, { signal }));
    await arrived;
    for (const caller of callers) caller.abort();
    await Promise.allSettled(waiting);
    await closed;
    origin.handler = image(BODY);
    expect(await fetcher.text(`${origin.url}/left`)).toBe('a picture');
  });

  test('leaves each its own deadline', async () => {
    const { release } = held();
    await using fetcher = fetcherFor(origin);
    const late = fetcher.text(`${origin.url}/late`, { deadline: performance.now() + 20 });
    const patient = fetcher.text(`${origin.url}/late`);
    await expect(late).rejects.toEqual(refused('DEADLINE_EXCEEDED', /the deadline passed/));
    release();
    expect(await patient).toBe('a picture');
  });

  test('is not begun for one who has gone or is too late', async () => {
    await using fetcher = fetcherFor(origin);
    const asked = origin.asked.length;
    await expect(fetcher.text(`${origin.url}/a`, { signal: AbortSignal.abort() })).rejects.toEqual(
      refused('CANCELLED', /gone/),
    );
    await expect(fetcher.text(`${origin.url}/a`, { deadline: performance.now() })).rejects.toEqual(
      refused('DEADLINE_EXCEEDED', /passed/),
    );
    expect(origin.asked.length).toBe(asked);
  });

  test('tells all of a failure and remembers none', async () => {
    origin.handler = (_request, response) => response.writeHead(503).end();
    await using fetcher = fetcherFor(origin);
    const both = await Promise.allSettled([fetcher.text(`${origin.url}/a`), fetcher.text(`${origin.url}/a`)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    origin.handler = image(BODY);
    expect(await fetcher.text(`${origin.url}/a`)).toBe('a picture');
  });
});

describe('TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'floe-fetch-'));
  const file = (name: string): string => join(folder, name);
  const trusted = getCACertificates('default');
  let secure: Origin;
  beforeAll(async () => {
    const args = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=images.test';
    const names = ['-addext', 'subjectAltName=DNS:images.test', '-keyout', file('key'), '-out', file('crt')];
    execFileSync('openssl', [...args.split(' '), ...names], { stdio: 'ignore' });
    secure = await startOrigin(image(BODY), { key: readFileSync(file('key')), cert: readFileSync(file('crt')) });
  });
  afterAll(async () => {
    await secure[Symbol.asyncDispose]();
    setDefaultCACertificates(trusted);
    rmSync(folder, { recursive: true });
  });

  test('takes no certificate that nobody vouches for', async () => {
    await using fetcher = fetcherFor(secure);
    await expect(fetcher.text(`${secure.url}/a`)).rejects.toEqual(
      refused('UNAVAILABLE', /\(DEPTH_ZERO_SELF_SIGNED_CERT\)/),
    );
  });

  test('takes one that is trusted, and only for its name', async () => {
    setDefaultCACertificates([readFileSync(file('crt'), 'utf8')]);
    await using fetcher = fetcherFor(secure, { hosts: [secure.host, `other.test:${secure.port}`] }, toLoopback);
    expect(await fetcher.text(`${secure.url}/a`)).toBe('a picture');
    await expect(fetcher.text(`https://other.test:${secure.port}/a`)).rejects.toEqual(
      refused('UNAVAILABLE', /\(ERR_TLS_CERT_ALTNAME_INVALID\)/),
    );
  });
});

test('closing ends what is under way', async () => {
  const fetcher = fetcherFor(origin);
  const arrived = Promise.withResolvers<void>();
  origin.handler = (request) => {
    void once(request.socket, 'close');
    arrived.resolve();
  };
  const waiting = fetcher.text(`${origin.url}/a`);
  await arrived.promise;
  await fetcher.close();
  await expect(waiting).rejects.toEqual(refused('UNAVAILABLE', /cannot be reached/));
});
