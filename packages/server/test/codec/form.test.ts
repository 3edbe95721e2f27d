/** Forms as requests: which part feeds which input, and what is no form. */
import { FloeError } from '@floe/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formCodec } from '../../src/codec/image/form.ts';
import { IMAGE, servable } from './fixture.ts';

const ONE = servable({ x: ['float32', [-1, 2, 2, 1]] }, { preprocessing: { serving_default: { x: IMAGE } } });
const TWO = servable(
  { left: ['float32', [-1, 2, 2, 1]], right: ['float32', [-1, 2, 2, 1]] },
  { preprocessing: { serving_default: { left: IMAGE, right: IMAGE } } },
);
const TYPE = 'multipart/form-data; boundary=edge';

const part = (head: string, body: string): string =>
  `--edge\r\nContent-Disposition: form-data; ${head}\r\n\r\n${body}\r\n`;
const file = (name: string, body: string): string => part(`name="${name}"; filename="a.jpg"`, body);
const form = (...parts: string[]): Buffer => Buffer.from(`${parts.join('')}--edge--\r\n`, 'latin1');

const decode = (body: Buffer, info = ONE, contentType = TYPE) =>
  Object.fromEntries(formCodec.decode({ body, contentType }, info).inputs);

describe('a form', () => {
  test('feeds the only input, whatever its parts are called', () => {
    expect(decode(form(file('whatever', 'one'), file('x', 'two')))).toEqual({
      x: { images: [Buffer.from('one'), Buffer.from('two')] },
    });
  });

  test('feeds several inputs by name', () => {
    expect(decode(form(file('right', 'one'), file('left:0', 'two')), TWO)).toEqual({
      left: { images: [Buffer.from('two')] },
      right: { images: [Buffer.from('one')] },
    });
  });

  test('holds a URL where a part is text', () => {
    expect(decode(form(part('name=x', 'https://a/1')))).toEqual({ x: { images: [{ url: 'https://a/1' }] } });
  });

  test('is read without a copy', () => {
    const body = form(file('x', '\r\n--edg\0\xff'));
    const [image] = (decode(body)['x'] as { images: Uint8Array[] }).images;
    expect(Buffer.from(image as Uint8Array).toString('latin1')).toBe('\r\n--edg\0\xff');
    expect(image?.buffer).toBe(body.buffer);
  });

  test('may have its boundary in quotes', () => {
    expect(decode(form(file('x', 'one')), ONE, 'multipart/form-data; charset=utf-8; boundary="edge"')).toBeDefined();
  });
});

describe('a form is refused', () => {
  test.each([
    ['without a boundary', form(), ONE, 'multipart/form-data', 'the form has no boundary'],
    [
      'without an end',
      Buffer.from(file('x', 'one')),
      ONE,
      TYPE,
      'the form cannot be read: Multipart stream not finished',
    ],
    ['with nothing in it', form(), ONE, TYPE, 'as many images for each input, and one at least (x: 0)'],
    ['with an empty part', form(file('x', '')), ONE, TYPE, 'part "x" is empty'],
    [
      'with a part for no input',
      form(file('middle', 'a')),
      TWO,
      TYPE,
      'part "middle" is none of the inputs that take images: left, right',
    ],
    ['with too few images for one input', form(file('left', 'a')), TWO, TYPE, '(left: 1, right: 0)'],
    ['for a model that takes none', form(), servable({ x: ['float32', [-1]] }), TYPE, 'takes no images'],
  ])('%s', (_what, body, info, type, message) => {
    expect(() => decode(body, info, type)).toThrow(message);
  });

  test('or read, whatever its bytes are', () => {
    const good = form(file('x', 'one'), part('name=x', 'https://a/1'));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 4 }),
        fc.nat(),
        (edits, cut) => {
          const body = Buffer.from(good.subarray(0, good.length - (cut % good.length)));
          for (const [at, value] of edits) if (at < body.length) body[at] = value;
          try {
            decode(body);
          } catch (error) {
            expect(error).toBeInstanceOf(FloeError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
