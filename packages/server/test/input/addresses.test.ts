/** Which addresses and hosts may be asked. */
import { describe, expect, test } from 'vitest';
import { AddressPolicy } from '../../src/input/addresses.ts';
import { HostRules } from '../../src/input/hosts.ts';

describe('addresses', () => {
  const closed = new AddressPolicy([]);

  test.each(['1.1.1.1', '8.8.8.8', '172.15.0.1', '172.32.0.1', '100.63.0.1', '100.128.0.1', '223.255.255.255'])(
    '%s is public',
    (address) => expect(closed.allows(address)).toBe(true),
  );

  test.each(['2606:4700::1111', '2a00:1450:4001::64'])('%s is public', (address) =>
    expect(closed.allows(address)).toBe(true),
  );

  test.each([
    ['this host', '0.0.0.0'],
    ['private', '10.1.2.3'],
    ['private', '172.16.0.1'],
    ['private', '172.31.255.255'],
    ['private', '192.168.1.1'],
    ['carrier-grade NAT', '100.64.0.1'],
    ['carrier-grade NAT', '100.127.255.255'],
    ['loopback', '127.0.0.1'],
    ['loopback', '127.255.0.1'],
    ['link-local, cloud metadata', '169.254.169.254'],
    ['documentation', '192.0.2.1'],
    ['benchmarks', '198.18.0.1'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['loopback', '::1'],
    ['unspecified', '::'],
    ['unique local', 'fd00::1'],
    ['link-local', 'fe80::1'],
    ['link-local with a zone', 'fe80::1%eth0'],
    ['multicast', 'ff02::1'],
    ['IPv4-mapped', '::ffff:127.0.0.1'],
    ['IPv4-mapped, even a public one', '::ffff:8.8.8.8'],
    ['IPv4-compatible', '::127.0.0.1'],
    ['NAT64', '64:ff9b::7f00:1'],
    ['local NAT64', '64:ff9b:1::a00:1'],
    ['6to4', '2002:7f00:1::'],
    ['Teredo', '2001:0:7f00:1::'],
    ['documentation', '2001:db8::1'],
    ['documentation', '3fff::1'],
    ['no address', 'localhost'],
    ['nothing', ''],
  ])('%s (%s) is not', (_what, address) => expect(closed.allows(address)).toBe(false));

  test('a network that is opened is open, and no other', () => {
    const open = new AddressPolicy(['10.1.0.0/16', 'fd00:1::/32']);
    expect(['10.1.2.3', 'fd00:1::5', '8.8.8.8'].map((address) => open.allows(address))).toEqual([true, true, true]);
    expect(['10.2.0.1', 'fd00:2::5', '127.0.0.1'].map((address) => open.allows(address))).toEqual([
      false,
      false,
      false,
    ]);
  });

  test.each(['10.0.0.0', '10.0.0.0/33', '10.0.0/8', 'internal/8', '10.0.0.0/-1', 'fd00::/129', ''])(
    '"%s" is no network',
    (network) => expect(() => new AddressPolicy([network])).toThrow('is no network'),
  );
});

describe('hosts', () => {
  const allows = (entries: string[], url: string): boolean => new HostRules(entries).allows(new URL(url));

  test.each([
    ['images.example.com', 'https://images.example.com/a.jpg', true],
    ['images.example.com', 'https://IMAGES.example.com:443/a.jpg', true],
    ['images.example.com', 'https://images.example.com./a.jpg', true],
    ['images.example.com', 'https://images.example.com:8443/a.jpg', false],
    ['images.example.com', 'http://images.example.com/a.jpg', false],
    ['images.example.com', 'https://images.example.com.evil.net/', false],
    ['images.example.com', 'https://evil-images.example.com/', false],
    ['images.example.com:8443', 'https://images.example.com:8443/', true],
    ['images.example.com:8443', 'https://images.example.com/', false],
    ['*.example.com', 'https://a.b.example.com/', true],
    ['*.example.com', 'https://example.com/', false],
    ['*.example.com', 'https://evilexample.com/', false],
    ['*.example.com:8443', 'https://a.example.com:8443/', true],
    ['http://plain.example.com', 'http://plain.example.com/', true],
    ['http://plain.example.com', 'https://plain.example.com/', false],
    ['http://*.plain.example.com:9000', 'http://s3.plain.example.com:9000/', true],
    ['*', 'https://anything.example.org/', true],
    ['*', 'http://anything.example.org/', false],
    ['*:8443', 'https://anything.example.org:8443/', true],
    ['bücher.example', 'https://xn--bcher-kva.example/', true],
    ['[fd00::1]:9000', 'https://[fd00:0::1]:9000/', true],
  ])('%s for %s: %s', (entry, url, expected) => expect(allows([entry], url)).toBe(expected));

  test('none allow nothing', () => expect(allows([], 'https://example.com/')).toBe(false));

  test.each([
    '',
    'a/b',
    'https://a.example/path',
    'user@a.example',
    'a.example?x',
    'ftp://a.example',
    'a b',
    'a.*.example',
  ])('"%s" is no host', (entry) => expect(() => new HostRules([entry])).toThrow('is no host'));
});
