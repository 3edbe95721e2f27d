/** What `docs/inputs.md` shows is taken as it stands there, and the options that it names have the defaults that it says. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { tfsRestCodec } from '../../src/codec/tfs-rest/codec.ts';
import { v2RestCodec } from '../../src/codec/v2-rest/codec.ts';
import { resolveConfig } from '../../src/core/config.ts';
import { parseDescription } from '../../src/core/manifest.ts';
import { AddressPolicy } from '../../src/input/addresses.ts';
import { HostRules } from '../../src/input/hosts.ts';
import { IMAGE, servable } from '../codec/fixture.ts';

const text = readFileSync(new URL('../../../../docs/inputs.md', import.meta.url), 'utf8');
const blocks = (kind: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${kind}\n(.*?)^\`\`\`$`, 'gms'))].map(([, block = '']) => block);
const info = servable({ image: ['float32', [-1, 2, 2, 1]] }, { preprocessing: { serving_default: { image: IMAGE } } });

test('its JSON is a description, or requests for images', () => {
  const kinds = blocks('json').map((block) => {
    const body = Buffer.from(block);
    const members = Object.keys(JSON.parse(block) as object);
    if (members.includes('preprocessing')) {
      expect(parseDescription(block, 'floe.json').preprocessing['serving_default']?.['image']?.resize).toBe(
        'tf-bilinear',
      );
      return 'description';
    }
    const isV2 = block.includes('"datatype"');
    const { inputs } = isV2 ? v2RestCodec.decode({ body }, info) : tfsRestCodec.decode({ body }, info);
    expect(inputs.get('image')).toHaveProperty('images');
    return isV2 ? 'v2' : 'tfs';
  });
  expect(kinds).toEqual(['description', 'tfs', 'tfs', 'v2']);
});

test('its configuration is one', () => {
  const [yaml = ''] = blocks('yaml');
  const { fetchHosts, fetchNetworks } = resolveConfig({ models: '/m' }, {}, parse(yaml) as Record<string, unknown>);
  const hosts = new HostRules(fetchHosts);
  const urls = ['https://images.example.com/', 'https://a.cdn.example.com:8443/', 'http://minio.models.svc:9000/'];
  expect(urls.map((url) => hosts.allows(new URL(url)))).toEqual([true, true, true]);
  expect(new AddressPolicy(fetchNetworks).allows('10.1.2.3')).toBe(true);
});

test('its defaults are those of the configuration', () => {
  const config: Record<string, unknown> = resolveConfig({ models: '/m' }, {}, {});
  const rows = [...text.matchAll(/^\| `((?:fetch|input|max)\w+)`\s*\|.*\|\s*(\S+)\s*\|$/gm)];
  const read = (value: string): unknown => (value === 'none' ? [] : value === 'auto' ? value : Number(value));
  const told = rows.map(([, option = '', value = '']) => [option, read(value)]);
  expect(told.length).toBeGreaterThanOrEqual(7);
  expect(told).toEqual(told.map(([option]) => [option, config[option as string]]));
});
