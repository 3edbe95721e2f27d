import { describe, expect, it } from 'vitest';
import { environmentName, resolveConfig } from '../../src/core/config.ts';

describe('configuration', () => {
  it('takes a flag before the environment before the file before the default', () => {
    const config = resolveConfig(
      { models: '/flag' },
      { FLOE_MODELS: '/env', FLOE_HTTP_PORT: '1' },
      { httpPort: 2, host: '0.0.0.0' },
    );
    expect(config).toMatchObject({ models: '/flag', httpPort: 1, host: '0.0.0.0', adminPort: 8502 });
  });

  it('names each wrong option where it was written', () => {
    const wrong = () =>
      resolveConfig({ models: '/m', swap: 'maybe' }, { FLOE_HTTP_PORT: '99999' }, { pollSeconds: -1 });
    expect(wrong).toThrow(/FLOE_HTTP_PORT: .*floe\.yaml: pollSeconds: .*--swap: /);
  });

  it('refuses an option that does not exist', () => {
    expect(() => resolveConfig({ models: '/m' }, {}, { htpPort: 1 })).toThrow(/htpPort/);
  });

  it('reads booleans from the environment as words', () => {
    expect(resolveConfig({ models: '/m' }, { FLOE_ACCESS_LOG: 'false' }, {}).accessLog).toBe(false);
  });

  it('reads lists with commas, or as lists from the file', () => {
    const hosts = (environment: Record<string, string>, file: Record<string, unknown>) =>
      resolveConfig({ models: '/m' }, environment, file).fetchHosts;
    expect(hosts({}, {})).toEqual([]);
    expect(hosts({ FLOE_FETCH_HOSTS: 'a.example, *.b.example,' }, {})).toEqual(['a.example', '*.b.example']);
    expect(hosts({}, { fetchHosts: ['a.example', 'http://c.example:9000'] })).toEqual([
      'a.example',
      'http://c.example:9000',
    ]);
  });

  it('reads numbers of a list from the file as such', () => {
    const read = (cacheMilestones: unknown) => resolveConfig({ models: '/m' }, {}, { cacheMilestones }).cacheMilestones;
    expect(read([0.82, 0.9])).toEqual([0.82, 0.9]);
    expect(read('0.82, 0.9')).toEqual([0.82, 0.9]);
    expect(() => read([0.9, 0.8])).toThrow('ascending');
  });

  it('names environment variables after options', () => {
    expect(environmentName('memoryLimitMb')).toBe('FLOE_MEMORY_LIMIT_MB');
  });
});
