/** `docs/configuration.md` and `docs/config.schema.json` say what the options are. `FLOE_WRITE_DOCS=1` writes both anew. */
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { environmentName, LIVE_OPTIONS, resolveConfig, ServeConfig } from '../../src/core/config.ts';

const file = (name: string): URL => new URL(`../../../../docs/${name}`, import.meta.url);
const read = (name: string): string => readFileSync(file(name), 'utf8');
const writes = process.env['FLOE_WRITE_DOCS'] === '1';
const TABLE = /^\| option .*?(?=\n\n)/ms;

const schema = `${JSON.stringify(z.toJSONSchema(ServeConfig, { io: 'input', unrepresentable: 'any' }), undefined, 2)}\n`;

function table(): string {
  const defaults = resolveConfig({ models: '/models' }, {}, {});
  const live: ReadonlySet<string> = new Set(LIVE_OPTIONS);
  const rows = Object.entries(ServeConfig.shape).map(([name, field]) => {
    const value = name === 'models' ? '' : JSON.stringify(defaults[name as keyof typeof defaults]);
    return `| \`${name}\`${live.has(name) ? ' *' : ''} | \`${environmentName(name)}\` | ${value === '""' ? '' : value} | ${field.description} |`;
  });
  return ['| option | variable | default | |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

/** However wide its columns are. */
function cells(text: string): readonly string[] {
  return text.split('\n').map((line) => line.replace(/-+/g, '-').replace(/ +/g, ' '));
}

test('the schema is that of the options', () => {
  if (writes) writeFileSync(file('config.schema.json'), schema);
  expect(JSON.parse(read('config.schema.json'))).toEqual(JSON.parse(schema));
});

test('the table has every option with its default', () => {
  const text = read('configuration.md');
  if (writes)
    writeFileSync(
      file('configuration.md'),
      text.replace(TABLE, () => table()),
    );
  expect(cells(TABLE.exec(read('configuration.md'))?.[0] ?? '')).toEqual(cells(table()));
});
