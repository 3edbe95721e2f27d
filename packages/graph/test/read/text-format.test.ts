import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FloeError } from '../../src/errors.ts';
import type { Message } from '../../src/proto/message.ts';
import { AttrValue, GraphDef, SavedModel, TensorProto } from '../../src/proto/tensorflow.ts';
import { enumNumber } from '../../src/read/enums.ts';
import { parseText } from '../../src/read/text-format.ts';
import { golden } from './golden.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const parsed = <T>(message: Message<T>, text: string): T => parseText(message, bytes(text), 'graph.pbtxt');
const tensor = (text: string): TensorProto => parsed(TensorProto, text);
const file = (path: string): Uint8Array => new Uint8Array(readFileSync(golden(path)));

test.each([
  ['a graph of odd values', GraphDef, 'text/odd.pbtxt', 'text/odd.pb'],
  ['a SavedModel', SavedModel, 'text/nested.pbtxt', 'nested/saved_model.pb'],
] as const)('%s as text is the same message as in the wire format', (_, message, text, binary) => {
  const wanted = (message as Message<unknown>).decode(file(binary), binary);
  expect(parseText(message as Message<unknown>, file(text), text)).toEqual(wanted);
});

test('every value of DataType has the number that TensorFlow gives it', () => {
  const types = JSON.parse(readFileSync(golden('text/data-types.json'), 'utf8'));
  expect(Object.keys(types).map((name) => [name, enumNumber(name)])).toEqual(Object.entries(types));
});

test('a message needs no colon, may stand between < and >, and fields may end in , or ;', () => {
  const node = { name: 'x', op: 'Const', input: ['a', '^b', 'c'], device: '', attr: new Map() };
  const forms = [
    'node { name: "x" op: "Const" input: "a" input: "^b" input: "c" }',
    'node: < name: "x"; op: "Const", input: ["a", "^b"]; input: [] input: ["c"] >;',
    "# a graph\nnode: [{name:'x'op:'Const'input:['a','^b','c']}]",
    'node{name:"x",op:"Co" \'nst\' # half each\n "" input:"a",input:"^b";input:"c"},versions <>',
  ];
  for (const form of forms) expect(parsed(GraphDef, form).node).toEqual([node]);
});

test('maps have entries with a key and a value, in any order, either may be absent', () => {
  const text =
    'node { attr { key: "a" value { i: 3 } } attr < value: { b: true } key: "b" > attr: [{ key: "c" }, { key: "a" value { i: 4 } }] }';
  const attr = parsed(GraphDef, text).node[0]?.attr;
  expect([...(attr ?? [])].map(([key, { i, b }]) => [key, i, b])).toEqual([
    ['a', 4n, undefined],
    ['b', undefined, true],
    ['c', undefined, undefined],
  ]);
});

test.each([
  ['decimal', '7 -8 0', [7, -8, 0]],
  ['octal and hexadecimal', '017 -0x1f 0XAB', [15, -31, 171]],
  ['the ends of the range', '2147483647 -2147483648', [2147483647, -2147483648]],
  ['enums by name', 'DT_FLOAT DT_INT64_REF', [1, 109]],
])('integers: %s', (_, words, values) => {
  const list = words.replaceAll(' ', ', ');
  expect(tensor(`int_val: [${list}]`).int_val).toEqual(values);
});

test.each([
  ['1 1.5 .5 3. 1e3 2E-2 -1.25e+2', [1, 1.5, 0.5, 3, 1000, 0.02, -125]],
  ['1f 2.5F -3f', [1, 2.5, -3]],
  ['inf -Infinity INF nan -nan', [Infinity, -Infinity, Infinity, NaN, NaN]],
  ['-0 -0.0', [-0, -0]],
])('floats: %s', (words, values) => {
  const list = words.replaceAll(' ', ', ');
  expect([...tensor(`double_val: [${list}]`).double_val]).toEqual(values);
  expect(tensor(`float_val: [${list}]`).float_val).toEqual(Float32Array.from(values));
});

test.each(['true', 'True', 't', '1'])('%s is true', (word) => {
  expect(parsed(AttrValue, `b: ${word}`).b).toBe(true);
});

test.each(['false', 'False', 'f', '0'])('%s is false', (word) => {
  expect(parsed(AttrValue, `b: ${word}`).b).toBe(false);
});

test.each([
  [String.raw`\a\b\f\n\r\t\v\\\'\"\?`, [7, 8, 12, 10, 13, 9, 11, 92, 39, 34, 63]],
  [String.raw`\0\12\3777`, [0, 10, 255, 55]],
  [String.raw`\x1\xfe\XA0g`, [1, 254, 160, 103]],
  [String.raw`\u00e4\U0001F600`, [...Buffer.from('ä😀')]],
  [String.raw`\ud83d\ude00`, [...Buffer.from('😀')]],
  ['ä😀', [...Buffer.from('ä😀')]],
])('the string %s', (text, wanted) => {
  expect([...(parsed(AttrValue, `s: "${text}"`).s ?? [])]).toEqual(wanted);
});

test('fields that the tables do not have are passed over, whatever they hold', () => {
  const text = `
    collection { key: "a" value { bytes_list { value: "\\001" value: 'x' "y" } } }
    unknown: [1, -2.5, FOO, "s", { a: 1 }, <b: [[1], []]>] 12: 0x7 13 { 1: "a" }
    [type.googleapis.com/some.Message] { x: -inf } [other.extension]: 5;
    node { name: "x" made_up: -nan }`;
  expect(parsed(GraphDef, text).node.map(({ name }) => name)).toEqual(['x']);
});

test.each([
  ['node { name: "x"', 'graph.pbtxt:1:17: "}" is missing'],
  ['node {\n  name: x }', 'graph.pbtxt:2:9: a string was expected, not "x"'],
  ['node {\n\n name: "x\n" }', 'graph.pbtxt:3:8: a string without an end'],
  ['node { name: "a" name: "b" }', 'name is set twice'],
  ['node { name "a" }', '":" was expected, not "\\""'],
  ['node { name: "\\q" }', 'a string with the unknown escape \\q'],
  ['node { name: "\\U00110000" }', 'a string with the unknown escape \\U'],
  ['node }', '"{" was expected, not "}"'],
  ['node < }', '"}"'],
  ['versions { producer: 2147483648 }', '2147483648 is no int32'],
  ['versions { producer: 1.5 }', '1.5 is no int32'],
  ['versions { producer: 09 }', '09 is no int32'],
  ['versions { producer: DT_NONE }', 'DT_NONE is no int32'],
  ['versions { producer: -DT_FLOAT }', '-DT_FLOAT is no int32'],
  ['node { attr { key: "a" value { f: 010 } } }', '010 is no float'],
  ['node { attr { key: "a" value { f: 1e } } }', '1e is no float'],
  ['node { attr { key: "a" value { b: -1 } } }', '-1 is no bool'],
  ['node { attr { key: "a" value { b: yes } } }', 'yes is no bool'],
  ['node: ', '"{" was expected, not the end'],
  ['\ud800', 'a value was expected'],
])('%j is an error that says where: %s', (text, message) => {
  expect(() => parsed(GraphDef, text)).toThrow(message);
  expect(() => parsed(GraphDef, text)).toThrow(expect.objectContaining({ code: 'DATA_LOSS' }));
});

test.each([
  ['messages', 'node { attr { key: "f" value ', '{ func { attr { key: "f" value '],
  ['unknown messages', '', 'a { '],
  ['unknown lists', 'a: ', '['],
])('%s that are nested without end are an error, no overflow', (_, start, again) => {
  expect(() => parsed(GraphDef, start + again.repeat(100_000))).toThrow('nested more than 100 deep');
});

test('a number as long as a file is an error, not an hour of arithmetic', () => {
  expect(() => parsed(GraphDef, `versions { producer: ${'9'.repeat(1_000_000)} }`)).toThrow('a word of');
});

const WORDS = [
  '{',
  '}',
  '<',
  '>',
  '[',
  ']',
  ':',
  ',',
  ';',
  '-',
  '"',
  "'",
  '\\',
  '#',
  '\n',
  ' ',
  '0x',
  '1e9',
  'node',
  'nan',
];

test('whatever the text is, it is a message or gives a FloeError', () => {
  const good = readFileSync(golden('text/odd.pbtxt'), 'latin1');
  const change = fc.tuple(fc.nat(good.length), fc.nat(4), fc.constantFrom(...WORDS));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
      let text = good;
      for (const [at, cut, put] of changes) text = text.slice(0, at) + put + text.slice(at + cut);
      try {
        parseText(GraphDef, new Uint8Array(Buffer.from(text, 'latin1')), 'damaged.pbtxt');
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(FloeError);
      }
    }),
    { numRuns: 400 },
  );
});
