import { describe, expect, it } from 'vitest';
import { attrOf, type Node } from '../../src/graph.ts';
import { HostNode, type HostPorts } from '../../src/host/host-op.ts';
import { fingerprint64 } from '../../src/host/ops/fingerprint.ts';
import { HOST_OPS } from '../../src/host/ops/index.ts';
import { tableOf } from '../../src/host/ops/table.ts';
import type { Tensor } from '../../src/tensor.ts';
import { type AttrInit, node, tensor } from '../support/nodes.ts';

const ports: HostPorts = { decodeImage: async () => ({ height: 1, width: 2, channels: 1, data: Uint8Array.of(1, 2) }) };

async function run(
  op: string,
  inputs: readonly Tensor[],
  attrs: Readonly<Record<string, AttrInit>> = {},
): Promise<Tensor> {
  const [result] = (await HOST_OPS[op]?.(new HostNode(node(op, 'n', [], attrs), ports), inputs)) ?? [];
  return result as Tensor;
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
