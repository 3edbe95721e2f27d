/** `docs/compatibility.md` tells what of each protocol is supported as `conformance/supported.yaml` declares it, and the checks that it names are there. */
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

interface Judge {
  /** In words. */
  readonly is: string;
  readonly run: string;
  readonly files: readonly string[];
}

interface Feature {
  readonly what: string;
  /** Yes where it is not said. */
  readonly supported?: false;
  /** Words of a check, by judge. */
  readonly by?: Readonly<Record<string, string>>;
  readonly note?: string;
}

interface Declared {
  readonly judges: Readonly<Record<string, Judge>>;
  readonly protocols: readonly { readonly name: string; readonly features: readonly Feature[] }[];
}

const path = (name: string): string => fileURLToPath(new URL(`../../../../${name}`, import.meta.url));
const read = (name: string): string => readFileSync(path(name), 'utf8');
const { judges, protocols } = parse(read('conformance/supported.yaml')) as Declared;
const features = protocols.flatMap(({ features }) => features);

const DOCUMENT = 'docs/compatibility.md';
/** What follows is ours; what stands before is made by `conformance/run --docs`. */
const MARK = '\n## Protocols, feature by feature\n';

test('the document says what is declared', () => {
  const [models = ''] = read(DOCUMENT).split(MARK);
  const text = `${models}${MARK}${rendered()}`;
  if (process.env['FLOE_WRITE_DOCS'] === '1') writeFileSync(path(DOCUMENT), text);
  expect(read(DOCUMENT)).toBe(text);
});

describe('a judge', () => {
  test.each(Object.entries(judges))('%s is there, and CI asks it', (_name, { run, files }) => {
    expect(files.filter((file) => !existsSync(path(file)))).toEqual([]);
    expect(read('.ci/run')).toContain(run === 'npm test' ? ' npm test\n' : ` ${run}\n`);
    if (run !== 'npm test') accessSync(path(run), constants.X_OK);
  });
});

describe('a feature', () => {
  test.each(features.map((feature) => [feature.what, feature] as const))('%s', (_what, { supported, by }) => {
    expect([supported, Object.keys(by ?? {}).length > 0]).toEqual(
      by === undefined ? [false, false] : [undefined, true],
    );
    const missing = Object.entries(by ?? {}).filter(
      ([judge, check]) =>
        !(judges[judge]?.files ?? []).some((file) => checksIn(file).some((line) => line.includes(check))),
    );
    expect(missing).toEqual([]);
  });
});

/** Lines that name a check: of a test, or a row of its table. */
function checksIn(file: string): readonly string[] {
  return read(file)
    .split('\n')
    .filter((line) => /\b(check|judge|it|test|describe)(\.each)?\(|^\s*(\[|\("|'|"|\]\)\()/.test(line));
}

function rendered(): string {
  const about = Object.entries(judges).map(([name, { is, run }]) => [name, is, `\`${run}\``]);
  const head =
    'Declared in `conformance/supported.yaml`; a test looks up the checks that it names. **yes** under a judge: it has a check of that.\n';
  const sections = protocols.map(({ name, features }) => `### ${name}\n\n${table(...matrix(features))}`);
  return `\n${[head, ...sections, `### Judges\n\n${table(['judge', 'what it is', 'run by'], about)}`].join('\n')}`;
}

function matrix(features: readonly Feature[]): [string[], string[][]] {
  const named = Object.keys(judges).filter((judge) => features.some(({ by }) => by?.[judge] !== undefined));
  const rows = features.map(({ what, supported, by, note }) => [
    what,
    supported === false ? '**no**' : 'yes',
    ...named.map((judge) => (by?.[judge] === undefined ? '' : 'yes')),
    note ?? '',
  ]);
  return [['feature', 'supported', ...named, ''], rows];
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = titles.map((title, i) => Math.max(3, title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |\n`;
  return [titles, widths.map((width) => '-'.repeat(width)), ...rows].map(line).join('');
}
