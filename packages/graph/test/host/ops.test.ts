import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attrOf, type Node } from '../../src/graph.ts';
import { HostNode, type HostPorts } from '../../src/host/host-op.ts';
import { fingerprint64 } from '../../src/host/ops/fingerprint.ts';
import { HOST_OPS } from '../../src/host/ops/index.ts';
import { plainPattern } from '../../src/host/ops/plain-pattern.ts';
import { tableOf } from '../../src/host/ops/table.ts';
import type { Tensor } from '../../src/tensor.ts';
import { type AttrInit, node, tensor } from '../support/nodes.ts';

const ports: HostPorts = { decodeImage: async () => ({ height: 1, width: 2, channels: 1, data: Uint8Array.of(1, 2) }) };

async function runAll(
  op: string,
  inputs: readonly Tensor[],
  attrs: Readonly<Record<string, AttrInit>> = {},
): Promise<readonly Tensor[]> {
  return ((await HOST_OPS[op]?.(new HostNode(node(op, 'n', [], attrs), ports), inputs)) ?? []) as readonly Tensor[];
}

async function run(...call: Parameters<typeof runAll>): Promise<Tensor> {
  return (await runAll(...call))[0] as Tensor;
}

const words = (...values: string[]): Tensor => tensor('string', [values.length], values);
const textsOf = ({ data }: Tensor): readonly string[] =>
  (data as Uint8Array[]).map((one) => Buffer.from(one).toString());

describe('fingerprints of strings', () => {
  // tf.strings.to_hash_bucket_fast([s], 2 ** 62), TensorFlow 2.21.
  it.each([
    ['', 1936946117179621455n],
    ['a', 3694432073954588131n],
    ['abc', 2640714258260161385n],
    ['abcdefgh', 4533385575889643785n],
    ['abcdefghijklmnopq', 2171023947900359592n],
    ['x'.repeat(33), 3046993373088323127n],
    ['y'.repeat(65), 4023130470993650268n],
    ['z'.repeat(200), 4117204190001636188n],
    ['ab'.repeat(300), 1043414971513040376n],
  ])('are those of TensorFlow: %s', (text, wanted) => {
    expect(fingerprint64(Buffer.from(text)) % 2n ** 62n).toBe(wanted);
  });
});

describe('AsString', () => {
  const floats = tensor('float32', [6], [1.5, 0.1, 1e20, 1e-7, Number.NaN, Number.POSITIVE_INFINITY]);
  // tf.strings.as_string with the same arguments, TensorFlow 2.21.
  it.each([
    [floats, {}, ['1.500000', '0.100000', '100000002004087734272.000000', '0.000000', 'nan', 'inf']],
    [tensor('bool', [2], [1, 0]), {}, ['true', 'false']],
    [tensor('float32', [1], [1.5]), { precision: 3, width: 10, fill: '0' }, ['000001.500']],
    [tensor('float32', [1], [1.5]), { shortest: true }, ['1.5']],
    [tensor('float32', [1], [1.5]), { scientific: true }, ['1.500000e+00']],
    [tensor('int32', [2], [15, -3]), { width: 5, fill: ' ' }, ['   15', '   -3']],
    [tensor('int64', [1], [2n ** 53n + 1n]), {}, ['9007199254740993']],
    [tensor('float64', [4], [1e-5, 123456789, 100000, 0]), { shortest: true }, ['1e-05', '1.23457e+08', '100000', '0']],
  ])('writes as TensorFlow does (case %#)', async (input, attrs, wanted) => {
    expect(textsOf(await run('AsString', [input], attrs))).toEqual(wanted);
  });
});

describe('StringToNumber', () => {
  it('reads what TensorFlow reads', async () => {
    const { data } = await run(
      'StringToNumber',
      [words('inf', 'nan', '1e50', '0x10', '-Inf', '+1', '1.', '.5', ' 2 ')],
      {
        out_type: 'float32',
      },
    );
    expect(Array.from(data as Float32Array)).toEqual([Infinity, NaN, Infinity, 16, -Infinity, 1, 1, 0.5, 2]);
    const ints = await run('StringToNumber', [words('  -3 ', '99')], { out_type: 'int32' });
    expect(ints).toEqual(tensor('int32', [2], [-3, 99]));
  });

  it.each([
    ['abc', 'float32'],
    ['3000000000', 'int32'],
    ['1.5', 'int64'],
    ['', 'float64'],
  ] as const)('refuses %s as %s', async (text, dtype) => {
    await expect(async () => run('StringToNumber', [words(text)], { out_type: dtype })).rejects.toThrow(
      `StringToNumberOp could not correctly convert string: ${text}`,
    );
  });
});

describe('texts', () => {
  it('change case, are stripped, measured and joined', async () => {
    expect(textsOf(await run('StringLower', [words('ÄbC')]))).toEqual(['Äbc']);
    expect(textsOf(await run('StringLower', [words('ÄbC')], { encoding: { text: 'utf-8' } }))).toEqual(['äbc']);
    expect(textsOf(await run('StringUpper', [words('xyz-')]))).toEqual(['XYZ-']);
    expect(textsOf(await run('StringStrip', [words(' \ta b\n', '')]))).toEqual(['a b', '']);
    expect(await run('StringLength', [words('äb')])).toEqual(tensor('int32', [1], [3]));
    expect(await run('StringLength', [words('äb')], { unit: { text: 'UTF8_CHAR' } })).toEqual(
      tensor('int32', [1], [2]),
    );
    const joined = await run('StringJoin', [words('a', 'b'), tensor('string', [], ['x'])], {
      separator: { text: '_' },
    });
    expect(textsOf(joined)).toEqual(['a_x', 'b_x']);
  });

  it('are compared and chosen with broadcasting', async () => {
    const column = tensor('string', [2, 1], ['a', 'b']);
    expect(await run('Equal', [column, words('a', 'b', 'c')])).toEqual(tensor('bool', [2, 3], [1, 0, 0, 0, 1, 0]));
    const chosen = await run('SelectV2', [tensor('bool', [2], [1, 0]), words('x', 'y'), tensor('string', [], ['?'])]);
    expect(textsOf(chosen)).toEqual(['x', '?']);
  });

  it('hold raw numbers, all of one length', async () => {
    const raw = await run('DecodeRaw', [tensor('string', [2], ['ab', 'cd'])], { out_type: 'int16' });
    expect(raw).toEqual(tensor('int16', [2, 1], [0x6261, 0x6463]));
    await expect(async () => run('DecodeRaw', [words('abc')], { out_type: 'int16' })).rejects.toThrow(/length 3/);
    await expect(async () => run('DecodeRaw', [words('ab', 'a')], { out_type: 'uint8' })).rejects.toThrow(/element 1/);
  });
});

describe('regular expressions', () => {
  const replaced = async (text: string, pattern: string, rewrite: string, attrs = {}): Promise<string | undefined> =>
    textsOf(
      await run('StaticRegexReplace', [words(text)], {
        pattern: { text: pattern },
        rewrite: { text: rewrite },
        ...attrs,
      }),
    )[0];

  // tf.strings.regex_replace with the same arguments, TensorFlow 2.21.
  it.each([
    ['Hello World, foo!', '[^a-z ]', '', 'ello orld foo'],
    ['Hello World, foo!', String.raw`(\w+) (\w+)`, String.raw`\2 \1\\`, 'World Hello\\, foo!'],
    ['Hello World, foo!', '(?i)H', '*', '*ello World, foo!'],
    ['Hello World, foo!', '[[:punct:]]', '.', 'Hello World. foo.'],
    ['a-b [c]', '[!"#$%&()\\*\\+,-\\./:;<=>?@\\[\\\\\\]^_`{|}~\\\']', '', 'ab c'],
    ['äö 1é', String.raw`\pL`, 'L', 'LL 1L'],
    ['foo', '(?P<a>o)|f', '<\\1>', '<><o><o>'],
    ['xaab', 'a*', '-', '-x-b-'],
    ['a\u00a0b', String.raw`\s`, '_', 'a\u00a0b'],
    ['', 'x*', '-', '-'],
    ['a.b{', String.raw`\Q.\E|{`, '_', 'a_b_'],
  ])('replace in %s what %s matches', async (text, pattern, rewrite, wanted) => {
    expect(await replaced(text, pattern, rewrite)).toBe(wanted);
  });

  it('take time by the length of a text, whatever the pattern', async () => {
    const text = `${'a'.repeat(50_000)}b`;
    expect(await replaced(text, '(a+)+$', '')).toBe(text);
  });

  it('of single characters give by JavaScript what they give by RE2', async () => {
    const characters = [...'ab-]^ .\n\t1ä\u{1f600}'];
    const escaped = (one: string): string => (/[\w\s]|[^ -~]/.test(one) ? one : `\\${one}`);
    const character = fc.constantFrom(...characters).map(escaped);
    const set = fc.constantFrom(String.raw`\d`, String.raw`\s`, String.raw`\w`);
    const part = fc.oneof(character, set, fc.constantFrom('a-b', ' -a', '0-9'));
    const classes = fc
      .tuple(fc.constantFrom('', '^'), fc.array(part, { minLength: 1, maxLength: 3 }))
      .map(([negated, parts]) => `[${negated}${parts.join('')}]`);
    const pattern = fc
      .tuple(fc.array(fc.oneof(character, set, classes), { minLength: 1, maxLength: 3 }), fc.constantFrom('', '*', '+'))
      .map(([items, repeated]) => items.join('') + repeated);
    const text = fc.array(fc.constantFrom(...characters), { maxLength: 12 }).map((all) => all.join(''));
    const property = fc.asyncProperty(pattern, text, async (wanted, given) => {
      expect(plainPattern(wanted)).toBeDefined();
      expect(plainPattern(`(?:${wanted})`)).toBeUndefined();
      expect(await replaced(given, wanted, '<\\0>')).toBe(await replaced(given, `(?:${wanted})`, '<\\0>'));
    });
    await fc.assert(property, { numRuns: 500 });
  });

  it('replace the first match only where that is wanted', async () => {
    expect(await replaced('foo', 'o', '0', { replace_global: false })).toBe('f0o');
  });

  it('match a text as a whole', async () => {
    const pattern = tensor('string', [], ['a|ab']);
    expect(await run('RegexFullMatch', [words('ab', 'abc', 'a'), pattern])).toEqual(tensor('bool', [3], [1, 0, 1]));
  });

  it.each([
    ['(?=a)', '', /not supported: \(\?=a\): error parsing regexp/],
    [String.raw`\C`, '', /not supported: \\C: error parsing regexp/],
    ['[[:nonsense:]]', '', /not supported: \[\[:nonsense:\]\]: error parsing regexp/],
    ['(', '', /not supported: \(/],
    ['a', String.raw`\x`, /\\x in its rewrite/],
  ])('are refused by name where they cannot be meant: %s', async (pattern, rewrite, why) => {
    await expect(replaced('a', pattern, rewrite)).rejects.toThrow(why);
  });
});

describe('parts of texts', () => {
  const separator = (text: string): Tensor => tensor('string', [], [text]);

  // TensorFlow 2.21 with the same arguments.
  it.each([
    [' a  b\t', '', -1, ['a', 'b']],
    ['', '', -1, []],
    ['a b c', '', 1, ['a', 'b c']],
    ['a b', '', 2, ['a', 'b', '']],
    ['x,,y', ',', -1, ['x', '', 'y']],
    ['x,,y', ',', 1, ['x', ',y']],
    ['', ',', -1, ['']],
  ])('of %j at %j, %i at the most', async (text, at, maxsplit, wanted) => {
    const [places, values, shape] = await runAll('StringSplitV2', [words(text), separator(at)], { maxsplit });
    expect(textsOf(values as Tensor)).toEqual(wanted);
    expect(places).toEqual(
      tensor(
        'int64',
        [wanted.length, 2],
        wanted.flatMap((_, i) => [0, i]),
      ),
    );
    expect(shape).toEqual(tensor('int64', [2], [1, wanted.length]));
  });

  it('stand between bytes', async () => {
    const of = async (text: string, at: string, skip_empty: boolean): Promise<readonly string[]> =>
      textsOf((await runAll('StringSplit', [words(text), separator(at)], { skip_empty }))[1] as Tensor);
    expect(await of('a,b, c', ' ,', true)).toEqual(['a', 'b', 'c']);
    expect(await of('a,b, c', ' ,', false)).toEqual(['a', 'b', '', 'c']);
    expect(await of('abc', '', false)).toEqual(['a', 'b', 'c']);
    expect(await of('', ',', false)).toEqual([]);
  });

  it('are counted in bytes or characters', async () => {
    const at = (position: number, length: number): readonly Tensor[] => [
      tensor('int32', [], [position]),
      tensor('int32', [], [length]),
    ];
    expect(textsOf(await run('Substr', [words('hello', 'abc'), ...at(-3, 2)]))).toEqual(['ll', 'ab']);
    expect(textsOf(await run('Substr', [words('äöü'), ...at(1, 5)], { unit: { text: 'UTF8_CHAR' } }))).toEqual(['öü']);
    await expect(run('Substr', [words('ab'), ...at(3, 1)])).rejects.toThrow(/pos 3 out of range for string ab/);
  });

  it('run over words', async () => {
    const attrs = { ngram_widths: [1, 2], separator: { text: ' ' }, left_pad: { text: 'L' }, right_pad: { text: 'R' } };
    const input = [words('a', 'b', 'c'), tensor('int64', [3], [0, 2, 3])];
    const [values, splits] = await runAll('StringNGrams', input, { ...attrs, pad_width: 1 });
    expect(textsOf(values as Tensor)).toEqual(['a', 'b', 'L a', 'a b', 'b R', 'c', 'L c', 'c R']);
    expect(splits).toEqual(tensor('int64', [3], [0, 5, 8]));
  });

  it('are joined along axes, and put where indices say', async () => {
    const square = tensor('string', [2, 2], ['a', 'b', 'c', 'd']);
    expect(
      textsOf(await run('ReduceJoin', [square, tensor('int32', [1], [-1])], { separator: { text: '-' } })),
    ).toEqual(['a-b', 'c-d']);
    expect(textsOf(await run('ReduceJoin', [square, tensor('int32', [2], [1, 0])], {}))).toEqual(['acbd']);
    const sparse = [
      tensor('int64', [2, 2], [0, 1, 1, 0]),
      tensor('int64', [2], [2, 2]),
      words('x', 'y'),
      separator('?'),
    ];
    expect(textsOf(await run('SparseToDense', sparse))).toEqual(['?', 'x', 'y', '?']);
  });

  it('travel as web-safe base64', async () => {
    expect(textsOf(await run('DecodeBase64', [words('_-8', 'YQ==')]))).toEqual([
      Buffer.from([0xff, 0xef]).toString(),
      'a',
    ]);
    expect(textsOf(await run('EncodeBase64', [words('a')], { pad: true }))).toEqual(['YQ==']);
    await expect(run('DecodeBase64', [words('a+b')])).rejects.toThrow(/no web-safe base64/);
  });

  it('fall into buckets by a key', async () => {
    // tf.strings.to_hash_bucket_strong, TensorFlow 2.21.
    const texts = words('Hello World, foo!', '');
    const buckets = await run('StringToHashBucketStrong', [texts], { num_buckets: 100, key: [1, 2] });
    expect(buckets).toEqual(tensor('int64', [2], [84, 35]));
  });
});

describe('tables', () => {
  const names = tableOf('t', tensor('int64', [2], [0, 2 ** 40]), words('zero', 'many'));
  const find: Node = { ...node('LookupTableFindV2', 'n'), attr: new Map([['Tin', attrOf({ type: 9 })]]) };

  it('give what a key stands for, or the default', async () => {
    const op = HOST_OPS['LookupTableFindV2'];
    const keys = tensor('int64', [3], [2 ** 40, 1, 0]);
    const [found] = (await op?.(new HostNode(find, ports), [names, keys, tensor('string', [], ['?'])])) ?? [];
    expect(textsOf(found as Tensor)).toEqual(['many', '?', 'zero']);
  });

  it('have one value for each key', () => {
    expect(tableOf('t', words('a', 'a'), tensor('int64', [2], [1, 1])).size).toBe(1);
    expect(() => tableOf('t', words('a', 'a'), tensor('int64', [2], [1, 2]))).toThrow(/two values for key "a"/);
  });
});

describe('images', () => {
  it('are decoded one at a time by whoever can', async () => {
    expect(await run('DecodeJpeg', [tensor('string', [], ['...'])])).toEqual(tensor('uint8', [1, 2, 1], [1, 2]));
    await expect(run('DecodeJpeg', [words('a', 'b')])).rejects.toThrow(/one image at a time/);
  });
});
