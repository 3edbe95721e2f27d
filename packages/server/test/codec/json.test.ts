/** The byte-level JSON reader and writer, held against JSON.parse and against what C prints. */
import { type DType, FloeError, type Tensor } from '@floe/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { base64Object } from '../../src/codec/json/base64.ts';
import { DenseBuilder } from '../../src/codec/json/dense.ts';
import { BIG_RANGES, RANGES } from '../../src/codec/json/ranges.ts';
import { JsonScanner } from '../../src/codec/json/scanner.ts';
import { ByteWriter, elementWriter } from '../../src/codec/json/writer.ts';

const bytes = (text: string): Buffer => Buffer.from(text);

function dense(text: string, dtype: Tensor['dtype'] = 'float64'): Tensor {
  return new DenseBuilder(new JsonScanner(bytes(text)), dtype, { path: 'x', object: base64Object }).whole();
}

function message(run: () => unknown): string {
  try {
    run();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(FloeError);
    return (thrown as FloeError).message;
  }
  return 'no error';
}

function limits(dtype: DType): readonly [bigint, bigint] {
  const [least, greatest] = RANGES[dtype] ?? BIG_RANGES[dtype] ?? [0, 0];
  return [BigInt(least), BigInt(greatest)];
}

function printed(value: number, dtype: 'float32' | 'float64'): string {
  const writer = new ByteWriter(1);
  if (dtype === 'float32') writer.float32(value);
  else writer.float64(value);
  return writer.finish().toString();
}

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value.toExponential()),
  fc.integer().map(String),
  fc
    .tuple(fc.integer(), fc.nat({ max: 999_999 }), fc.integer({ min: -40, max: 40 }))
    .map(([a, b, e]) => `${a}.${b}e${e}`),
  fc.bigInt({ min: 0n, max: 10n ** 25n }).map(String),
  fc.stringMatching(/^-?(0|[1-9][0-9]{0,22})(\.[0-9]{1,24})?$/),
);

/** Decimals at, or one digit beside, the middle of two neighbouring float32 or doubles, where rounding is decided by the last digit. */
const halfway = fc
  .tuple(
    fc.constantFrom(24, 53),
    fc.nat({ max: 2 ** 23 - 1 }),
    fc.integer({ min: -60, max: 60 }),
    fc.integer({ min: -1, max: 1 }),
  )
  .map(([bits, low, power, beside]) => {
    const odd = 2n ** BigInt(bits) + 2n * BigInt(low) + 1n;
    const scaled =
      power < 0 ? odd * 5n ** BigInt(-power) * 10n + BigInt(beside) : (odd << BigInt(power)) * 10n + BigInt(beside);
    const places = power < 0 ? 1 - power : 1;
    const digits = String(scaled).padStart(places + 1, '0');
    return `${digits.slice(0, -places)}.${digits.slice(-places)}`;
  });
/** Sixteen to twenty-two digits anywhere about the point, as a double is written out, and more. */
const long = fc
  .tuple(fc.stringMatching(/^[1-9][0-9]{15,21}$/), fc.integer({ min: -6, max: 22 }))
  .map(([digits, places]) => {
    const padded = digits.padStart(places + 1, '0');
    return places <= 0 ? `${digits}${'0'.repeat(-places)}` : `${padded.slice(0, -places)}.${padded.slice(-places)}`;
  });
const hard = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.oneof(
      halfway,
      long,
      fc.float({ noNaN: true, noDefaultInfinity: true, min: 0 }).map((value) => (value === 0 ? '0' : String(value))),
      fc.constantFrom(
        '0',
        '0.0',
        '0e5',
        '5e-324',
        '2.2250738585072014e-308',
        '1.7976931348623157e308',
        '1e-400',
        '1e-46',
        '3.4028235677973366e38',
        '9007199254740993',
        '9007199254740992.5',
        '0.30000001192092896',
        '1e22',
        '1e23',
        '8.5e-1',
      ),
    ),
  )
  .map(([sign, digits]) => sign + digits);

describe('numbers', () => {
  test('have the value that JSON.parse gives them', () => {
    fc.assert(
      fc.property(number, (text) => {
        expect(new JsonScanner(bytes(text)).number(false)).toBe(JSON.parse(text));
      }),
      { numRuns: 3000 },
    );
  });

  test('in lists have the value that JSON.parse gives them', () => {
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 20 }), (list) => {
        const text = `[${list.join(', ')}]`;
        expect([...(dense(text).data as Float64Array)]).toEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  const separator = fc.constantFrom(',', ', ', ' ,', ',\n', ' , ', '\t,');
  test.each(['float32', 'float64'] as const)(
    'that are hard to round have the value of JSON.parse in lists of %s',
    (dtype) => {
      fc.assert(
        fc.property(fc.array(fc.oneof(hard, number), { minLength: 1, maxLength: 12 }), separator, (list, between) => {
          const text = `[${list.join(between)}]`;
          const data = dense(text, dtype).data as Float64Array;
          const parsed = JSON.parse(text) as number[];
          expect([...data]).toEqual(dtype === 'float32' ? parsed.map(Math.fround) : parsed);
        }),
        { numRuns: 3000 },
      );
    },
  );

  test('of every number of digits before and after the point have the value of JSON.parse', () => {
    for (let whole = 1; whole <= 20; whole++) {
      for (let places = 0; places <= 26; places++) {
        const digits = '98765432101234567890123456'.slice(0, whole);
        const text = `[${digits}${places === 0 ? '' : `.${'12345678987654321098765432'.slice(0, places)}`}]`;
        expect([...(dense(text, 'float64').data as Float64Array)]).toEqual(JSON.parse(text));
      }
    }
  });

  test.each(['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64'] as const)(
    'in lists of %s are exact, or refused at their place',
    (dtype) => {
      const [least, greatest] = limits(dtype);
      const inside = fc.bigInt({ min: least, max: greatest });
      const outside = fc.oneof(
        fc.bigInt({ min: greatest + 1n, max: greatest * 4n }),
        fc.bigInt({ min: -greatest * 4n, max: least - 1n }),
      );
      fc.assert(
        fc.property(fc.array(inside, { maxLength: 20 }), outside, (list, wrong) => {
          expect([...(dense(`[${list.join(', ')}]`, dtype).data as Uint8Array)].map(BigInt)).toEqual(list);
          const bad = `[${[...list, wrong, 1].join(',')}]`;
          expect(message(() => dense(bad, dtype))).toBe(`x[${list.length}]: a value that is no ${dtype}`);
        }),
        { numRuns: 300 },
      );
    },
  );

  test('read for float32 round to the nearest float32', () => {
    fc.assert(
      fc.property(number, (text) => {
        const value = new JsonScanner(bytes(text)).number(true);
        expect(Math.fround(value)).toBe(Math.fround(JSON.parse(text) as number));
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['-Infinity', Number.NEGATIVE_INFINITY],
    ['-Inf', Number.NEGATIVE_INFINITY],
    ['-0.0', -0],
    ['-0', -0],
    ['-0e7', -0],
  ])('%s is read', (text, value) => {
    expect(dense(`[${text}]`).data[0]).toBe(value);
    expect([...(dense(`[1.5,${text},-2]`, 'float32').data as Float32Array)]).toEqual([1.5, value, -2]);
  });

  test.each([
    ['1.', 'JSON Parse error: Miss fraction part in number. at offset: 2'],
    ['1e', 'JSON Parse error: Miss exponent in number. at offset: 2'],
    ['-', 'JSON Parse error: Invalid value. at offset: 1'],
    ['Nan', 'JSON Parse error: Invalid value. at offset: 0'],
    ['1e999', 'JSON Parse error: Number too big to be stored in double. at offset: 0'],
  ])('%s is refused', (text, wanted) => {
    expect(message(() => new JsonScanner(bytes(text)).number(false))).toBe(wanted);
  });

  test.each([
    ['[0.5,01]', 'Missing a comma or ] after an array element. at offset: 6'],
    ['[0.5,-01]', 'Missing a comma or ] after an array element. at offset: 7'],
    ['[0.5,1.]', 'Miss fraction part in number. at offset: 7'],
    ['[0.5,.5]', 'Invalid value. at offset: 5'],
    ['[0.5,-]', 'Invalid value. at offset: 6'],
    ['[0.5,+1]', 'Invalid value. at offset: 5'],
    ['[0.5,]', 'Invalid value. at offset: 5'],
    ['[0.5,,1]', 'Invalid value. at offset: 5'],
    ['[0.5 1]', 'Missing a comma or ] after an array element. at offset: 5'],
    ['[0.5,1x]', 'Missing a comma or ] after an array element. at offset: 6'],
    ['[0.5,1234.56:8]', 'Missing a comma or ] after an array element. at offset: 12'],
    ['[0.5,1.5', 'Missing a comma or ] after an array element. at offset: 8'],
    ['[0.5,1.2345\u00e9', 'Missing a comma or ] after an array element. at offset: 11'],
    ['[0.5,', 'Invalid value. at offset: 5'],
  ])('%s is refused as a list of numbers', (text, wanted) => {
    expect(message(() => dense(text, 'float32'))).toBe(`JSON Parse error: ${wanted}`);
  });
});

describe('dense tensors', () => {
  test.each([
    ['7', [], [7]],
    ['[]', [0], []],
    ['[[],[]]', [2, 0], []],
    ['[[1,2],[3,4],[5,6]]', [3, 2], [1, 2, 3, 4, 5, 6]],
    [' [ [ [ 1 ] ] , [ [ 2.5 ] ] ] ', [2, 1, 1], [1, 2.5]],
  ])('%s has its shape and values', (text, shape, values) => {
    const tensor = dense(text);
    expect([tensor.shape, [...(tensor.data as Float64Array)]]).toEqual([shape, values]);
  });

  test.each([
    ['[[1,2],[3]]', 'x[1]: a list of 1 where the lists before have 2'],
    ['[[1],[2],[3],[4,5]]', 'x[3]: a list of 2 where the lists before have 1'],
    ['[[1],2]', 'x[1]: a value where a list was expected'],
    ['[1,[2]]', 'x[1]: a value that is no float64'],
    ['[[1],[[2]]]', 'x[1][0]: a list where values were expected'],
    ['[[[]],[1]]', 'x[1][0]: a value where a list was expected'],
    ['[[1,2],[3,"a"]]', 'x[1][1]: a value that is no float64'],
    ['[[1,null]]', 'x[0][1]: a value that is no float64'],
    ['[1,true]', 'x[1]: a value that is no float64'],
  ])('%s is refused at its place', (text, wanted) => {
    expect(message(() => dense(text))).toBe(wanted);
  });

  test.each([
    ['int8', '[-128,127]', '[128]'],
    ['uint8', '[0,255]', '[-1]'],
    ['int16', '[-32768,32767]', '[32768]'],
    ['uint16', '[0,65535]', '[65536]'],
    ['int32', '[-2147483648,2147483647]', '[2147483648]'],
    ['uint32', '[0,4294967295]', '[4294967296]'],
    ['int64', '[-9223372036854775808,9223372036854775807]', '[9223372036854775808]'],
    ['uint64', '[0,18446744073709551615]', '[-1]'],
  ] as const)('%s holds its range exactly and nothing else', (dtype, inside, outside) => {
    expect(`[${[...(dense(inside, dtype).data as Int32Array)].join(',')}]`).toBe(inside);
    expect(message(() => dense(outside, dtype))).toBe(`x[0]: a value that is no ${dtype}`);
    expect(message(() => dense('[1.0]', dtype))).toBe(`x[0]: a value that is no ${dtype}`);
  });

  test('bool takes true and false only', () => {
    expect([...(dense('[true,false]', 'bool').data as Uint8Array)]).toEqual([1, 0]);
    expect(message(() => dense('[1]', 'bool'))).toBe('x[0]: a value that is no bool');
  });

  test('strings are bytes, escaped, plain or in base64', () => {
    const { data } = dense('["a\\u00e9\\n\\ud83d\\ude00","é",{"b64":"AP8="}]', 'string');
    expect((data as Uint8Array[]).map((item) => Buffer.from(item).toString('hex'))).toEqual([
      Buffer.from('aé\n😀').toString('hex'),
      'c3a9',
      '00ff',
    ]);
  });

  test('nesting beyond the limit is refused before the stack is', () => {
    expect(message(() => dense('['.repeat(100_000)))).toContain('Nesting is deeper than 64 levels');
    expect(message(() => new JsonScanner(bytes('[{"a":'.repeat(50_000))).skip())).toContain('Nesting is deeper');
  });

  test('any rectangular list comes back as JSON.parse sees it', () => {
    const shape = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 0, maxLength: 4 });
    fc.assert(
      fc.property(shape, fc.infiniteStream(fc.double({ noNaN: true, noDefaultInfinity: true })), (dims, values) => {
        const build = (level: number): unknown =>
          level === dims.length
            ? values.next().value
            : Array.from({ length: dims[level] ?? 0 }, () => build(level + 1));
        const nested = build(0);
        const tensor = dense(JSON.stringify(nested));
        expect(tensor.shape).toEqual(dims);
        const flat = ([nested] as unknown[]).flat(8).map((value) => (Object.is(value, -0) ? 0 : value));
        expect([...(tensor.data as Float64Array)]).toEqual(flat);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the grammar', () => {
  test('is that of JSON.parse for whatever JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        const scanner = new JsonScanner(bytes(text));
        scanner.skip();
        expect(scanner.peek()).toBe(undefined);
      }),
    );
  });

  test('refuses what JSON.parse refuses, and throws nothing but FloeError', () => {
    const mutation = fc.tuple(fc.nat(), fc.constantFrom(...'{}[]",:0123456789eE+-.tfn\\ \u0000'));
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.array(mutation, { minLength: 1, maxLength: 4 }), (text, mutations) => {
        let mutated = text;
        for (const [at, char] of mutations) {
          const i = at % (mutated.length + 1);
          mutated = mutated.slice(0, i) + char + mutated.slice(i + (at % 2));
        }
        const ours = accepts(mutated);
        if (isJson(mutated)) expect(ours).toBe(true);
        else if (!/Inf|NaN|\\u[dD]|[1-9]\d{300}|[eE]\+?\d{3}/.test(mutated)) expect(ours).toBe(false);
      }),
      { numRuns: 3000 },
    );
  });
});

function accepts(text: string): boolean {
  try {
    const scanner = new JsonScanner(bytes(text));
    scanner.skip();
    return scanner.peek() === undefined;
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(FloeError);
    return false;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return !/\\u[dD]|[1-9]\d{300}|[eE]\+?\d{3}/.test(text);
  } catch {
    return false;
  }
}

const single = fc.float({ noNaN: true, noDefaultInfinity: true }).filter((value) => value !== 0);
/** A float32 with few bits: such lie half way between two decimals more often than others. */
const dyadic = fc
  .tuple(fc.integer({ min: 1, max: 2 ** 16 }), fc.integer({ min: -40, max: 40 }))
  .map(([odd, power]) => odd * 2 ** power);

/** Nine digits with the last one even, of a value that has exactly ten and ends in 5; else undefined. */
function evenTie(value: number): string | undefined {
  const [digits = '', power] = value.toExponential(60).split('e');
  if (!/^-?\d\.\d{8}50*$/.test(digits)) return undefined;
  const nine = digits.slice(0, digits.indexOf('.') + 9);
  return Number(nine.at(-1)) % 2 === 0 ? `${nine}e${power}` : undefined;
}

describe('floats as TensorFlow Serving prints them', () => {
  test.each([
    [1, '1.0'],
    [0.1, '0.1'],
    [-2.5, '-2.5'],
    [1 / 3, '0.333333343'],
    [9_000_000, '9e+06'],
    [0.00003, '3e-05'],
    [123_456_789, '123456792.0'],
    [2 ** -13, '0.000122070312'],
    [100_000, '100000.0'],
    [999_999.9, '999999.875'],
    [1e-45, '1.4013e-45'],
    [2 ** -140, '7.17465e-43'],
    [3e-30, '3e-30'],
    [2.718281828e-25, '2.71828181e-25'],
    [1.234567e35, '1.234567e+35'],
    [0.99999994, '0.99999994'],
    [9.9999994e-21, '1e-20'],
    [3 * 2 ** -13, '0.000366210938'],
    [5 * 2 ** -13, '0.000610351562'],
    [3.4028235e38, '3.40282347e+38'],
    [0, '0.0'],
    [-0, '-0.0'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
  ])('float32 %d', (value, text) => {
    expect(printed(Math.fround(value), 'float32')).toBe(text);
  });

  test.each([
    [0.1, '0.1'],
    [1 / 3, '0.33333333333333331'],
    [1e300, '1e+300'],
    [123456.789, '123456.789'],
    [1000, '1000.0'],
    [999999, '999999.0'],
    [1e6, '1e+06'],
    [123456789, '123456789.0'],
    [1.5e-300, '1.5e-300'],
    [5e-324, '4.94066e-324'],
    [-0.000025, '-2.5e-05'],
    [2 ** -18, '3.814697265625e-06'],
    [0, '0.0'],
    [Number.NaN, 'NaN'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
  ])('float64 %d', (value, text) => {
    expect(printed(value, 'float64')).toBe(text);
  });

  test('every float32 reads back as itself, in at most nine digits', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = printed(value, 'float32');
        expect(Math.fround(Number(text))).toBe(value);
        expect(text.replace(/e.*/, '').replace(/[-.]/g, '').replace(/^0+/, '').length).toBeLessThanOrEqual(10);
      }),
      { numRuns: 5000 },
    );
  });

  test('as the nearest decimal of six or, where those give another float32, nine digits', () => {
    fc.assert(
      fc.property(fc.oneof(single, dyadic), (value) => {
        const six = Number(value.toPrecision(6));
        const wanted = Math.fround(six) === value ? six : Number(evenTie(value) ?? value.toPrecision(9));
        expect(Number(printed(value, 'float32'))).toBe(wanted);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('written elements', () => {
  test.each([
    [
      { dtype: 'int64', shape: [2], data: BigInt64Array.of(-(2n ** 63n), 2n ** 53n + 1n) },
      '-9223372036854775808,9007199254740993',
    ],
    [{ dtype: 'bool', shape: [2], data: Uint8Array.of(1, 0) }, 'true,false'],
    [{ dtype: 'uint8', shape: [4], data: Uint8Array.of(0, 9, 10, 255) }, '0,9,10,255'],
    [{ dtype: 'uint32', shape: [2], data: Uint32Array.of(999, 4294967295) }, '999,4294967295'],
    [{ dtype: 'int32', shape: [2], data: Int32Array.of(-5, 1000) }, '-5,1000'],
    [{ dtype: 'string', shape: [1], data: [bytes('a"\\\n\u0001é')] }, '"a\\"\\\\\\n\\u0001é"'],
  ] satisfies [Tensor, string][])('%o', (tensor, text) => {
    const writer = new ByteWriter(1);
    const write = elementWriter(tensor);
    for (let i = 0; i < tensor.data.length; i++) {
      if (i > 0) writer.byte(0x2c);
      write(writer, i);
    }
    expect(writer.finish().toString()).toBe(text);
  });
});
