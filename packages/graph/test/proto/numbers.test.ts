import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FloeError } from '../../src/errors.ts';
import { many, message, one, optional } from '../../src/proto/message.ts';
import { floats, integers } from '../../src/proto/numbers.ts';

const Lists = message('Lists', {
  small: integers(1, 'int32'),
  natural: integers(2, 'uint32'),
  whole: integers(3, 'int64'),
  large: integers(4, 'uint64'),
  flags: integers(5, 'bool'),
  real: floats(6),
});
/** The same fields, read by the general reader and written one element at a time. */
const General = message('General', {
  small: many(1, 'int32'),
  natural: many(2, 'uint32'),
  whole: many(3, 'int64'),
  large: many(4, 'uint64'),
  flags: many(5, 'bool'),
  real: many(6, 'float'),
});

const lists = fc.record({
  small: fc.int32Array({ maxLength: 40 }),
  natural: fc.uint32Array({ maxLength: 40 }),
  whole: fc.bigInt64Array({ maxLength: 40 }),
  large: fc.bigUint64Array({ maxLength: 40 }),
  flags: fc.array(fc.boolean(), { maxLength: 40 }).map((values) => Uint8Array.from(values, Number)),
  real: fc.float32Array({ maxLength: 40, noNaN: true }),
});

const general = (value: ReturnType<typeof Lists.decode>) => ({
  small: [...value.small],
  natural: [...value.natural],
  whole: [...value.whole],
  large: [...value.large],
  flags: [...value.flags].map(Boolean),
  real: [...value.real],
});

test('lists are read and written as the general reader and writer do', () => {
  fc.assert(
    fc.property(lists, (value) => {
      expect(General.decode(Lists.encode(value), 'x')).toEqual(general(value));
      expect(Lists.decode(General.encode(general(value)), 'x')).toEqual(value);
    }),
    { numRuns: 100 },
  );
});

test('lists that come in several parts, packed and not, are joined', () => {
  fc.assert(
    fc.property(fc.array(lists, { maxLength: 4 }), (values) => {
      const bytes = values.flatMap((value) => {
        const first = [8, ...(value.small[0] === undefined ? [7] : varint(value.small[0]))];
        return [...Lists.encode(value), ...first];
      });
      const expected = values.flatMap(({ small }) => [...small, small[0] ?? 7]);
      expect([...Lists.decode(Uint8Array.from(bytes), 'x').small]).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

function varint(value: number): number[] {
  const encoded = General.encode({ ...general(Lists.decode(new Uint8Array(0), 'x')), small: [value] });
  return [...encoded.subarray(2)];
}

test('a hundred thousand elements that come one by one take linear time and are whole', () => {
  const count = 100_000;
  const bytes = new Uint8Array(count * 5);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < count; i++) {
    bytes[5 * i] = (6 << 3) | 5;
    view.setFloat32(5 * i + 1, i, true);
  }
  const { real } = Lists.decode(bytes, 'x');
  expect(real).toEqual(Float32Array.from({ length: count }, (_, i) => i));
});

test.each([
  ['that ends inside a number', [0x0a, 0x02, 0x01, 0x80], 'a list ends inside a number', 'small'],
  ['of a number of 11 bytes', [0x1a, 0x0b, ...new Array<number>(10).fill(0x80), 0x00], 'longer than 10 bytes', 'whole'],
  ['of no whole number of floats', [0x32, 0x03, 0, 0, 0], 'no whole number of floats', 'real'],
  ['of another wire type', [0x0d, 0, 0, 0, 0], 'wire type 5 where 0 was expected', 'small'],
])('a list %s is refused, and the field named', (_, bytes, message, field) => {
  const error = thrown(() => Lists.decode(Uint8Array.from(bytes), 'x'));
  expect(error.message).toContain(message);
  expect(error.details[0]?.field).toBe(field);
});

const Choice = message(
  'Choice',
  { number: optional(1, 'int64'), name: optional(2, 'string'), other: one(3, 'string') },
  { choice: ['number', 'name'] },
);
const Choices = message('Choices', { first: optional(1, Choice), rest: many(2, Choice) });

test('of the members of a oneof the one that comes last holds', () => {
  expect(Choice.decode(Uint8Array.from([0x08, 5, 0x12, 1, 0x61]), 'x')).toEqual({
    number: undefined,
    name: 'a',
    other: '',
  });
  expect(Choice.decode(Uint8Array.from([0x12, 1, 0x61, 0x08, 5]), 'x')).toMatchObject({ number: 5n, name: undefined });
});

test('an error names the path of its field', () => {
  const error = thrown(() => Choices.decode(Uint8Array.from([0x12, 2, 0x0a, 0x00]), 'x'));
  expect(error.details[0]?.field).toBe('rest.number');
});

test('more fields of their own memory than allowed are refused', () => {
  const bytes = Uint8Array.from([0x12, 0, 0x12, 0, 0x12, 0]);
  expect(Choices.decode(bytes, 'x', 0, 3).rest).toHaveLength(3);
  expect(thrown(() => Choices.decode(bytes, 'x', 0, 2)).message).toContain('too many fields');
});

function thrown(work: () => unknown): FloeError {
  try {
    work();
  } catch (error) {
    if (error instanceof FloeError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
