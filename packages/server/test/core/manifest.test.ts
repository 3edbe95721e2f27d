import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Manifest, parseDescription, parseManifest } from '../../src/core/manifest.ts';

const manifest = {
  schemaVersion: '1.0',
  name: 'digits',
  version: 1,
  defaultSignature: 'serving_default',
  signatures: {},
  outputNodes: ['probs'],
  checkpoint: {
    format: 'meta-graph',
    globalStep: 10,
    producers: { tensorflow: '2.21.0', graphProducer: 1, graphMinConsumer: 0 },
    tags: [],
    digests: {},
  },
  rowIndependent: {},
  deterministic: true,
  lineage: { source: 'model.meta', producer: 'floe' },
  files: {},
};

describe('model.json', () => {
  it('fills in what may be left out', () => {
    expect(parseManifest(JSON.stringify(manifest), 'model.json')).toMatchObject({ labels: [], preprocessing: {} });
  });

  it('keeps fields of a later minor version', () => {
    const later = { ...manifest, schemaVersion: '1.7', novelty: true };
    expect(parseManifest(JSON.stringify(later), 'model.json')).toMatchObject({ novelty: true });
  });

  it('is refused in another major version', () => {
    const next = JSON.stringify({ ...manifest, schemaVersion: '2.0' });
    expect(() => parseManifest(next, 'model.json')).toThrow('model.json has schema version 2.0; this Floe reads 1.x');
  });

  it('names the first wrong field', () => {
    const wrong = JSON.stringify({ ...manifest, version: -1 });
    expect(() => parseManifest(wrong, 'model.json')).toThrow(/model\.json: version: /);
  });

  it('has a published JSON Schema that says what the code says', () => {
    const published = JSON.parse(
      readFileSync(new URL('../../../../docs/model.schema.json', import.meta.url), 'utf8'),
    ) as unknown;
    expect(published).toEqual(z.toJSONSchema(Manifest, { io: 'input' }));
  });
});

describe('floe.json', () => {
  it('refuses a field it does not know', () => {
    expect(() => parseDescription('{"label": []}', 'floe.json')).toThrow(/floe\.json/);
  });
});
