import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FloeError } from '../../src/errors.ts';
import { crc32c, maskCrc } from '../../src/read/crc32c.ts';
import { snappyDecode } from '../../src/read/snappy.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

// The vectors of RFC 3720, B.4, and the customary check value.
test.each([
  ['nothing', new Uint8Array(0), 0],
  ['32 zeros', new Uint8Array(32), 0x8a9136aa],
  ['32 times ff', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['the numbers from 0 to 31', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ['123456789', bytes('123456789'), 0xe3069283],
])('the CRC-32C of %s is the published one', (_, data, crc) => {
  expect(crc32c(data)).toBe(crc);
});

test('a CRC-32C can be continued at any byte', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (data, at) => {
      expect(crc32c(data.subarray(at), crc32c(data.subarray(0, at)))).toBe(crc32c(data));
    }),
  );
});

test('a masked checksum is rotated and moved, as LevelDB does it', () => {
  expect(maskCrc(0)).toBe(0xa282ead8);
  expect(maskCrc(0xe3069283)).toBe((((0xe3069283 >>> 15) | (0xe3069283 << 17)) + 0xa282ead8) >>> 0);
});

test.each([
  ['nothing', [0], ''],
  ['a literal', [3, 0x08, 0x61, 0x62, 0x63], 'abc'],
  ['a literal whose length has a byte of its own', [3, 0xf0, 2, 0x61, 0x62, 0x63], 'abc'],
  ['a run, which copies what it writes', [9, 0x00, 0x61, 0x11, 0x01], 'aaaaaaaaa'],
  ['a copy with an offset of two bytes', [6, 0x08, 0x61, 0x62, 0x63, 0x0a, 0x03, 0x00], 'abcabc'],
  ['a copy with an offset of four bytes', [6, 0x08, 0x61, 0x62, 0x63, 0x0b, 0x03, 0, 0, 0], 'abcabc'],
])('Snappy: %s is unpacked', (_, packed, text) => {
  expect(snappyDecode(Uint8Array.from(packed), 100, 'x')).toEqual(bytes(text));
});

test.each([
  ['a length that is cut off', [0x80]],
  ['a literal that is cut off', [3, 0x08, 0x61]],
  ['a copy from before the beginning', [8, 0x00, 0x61, 0x0d, 0x05]],
  ['a copy with offset zero', [5, 0x00, 0x61, 0x01, 0x00]],
  ['more output than claimed', [1, 0x08, 0x61, 0x62, 0x63]],
  ['less output than claimed', [9, 0x08, 0x61, 0x62, 0x63]],
  ['a copy without its offset', [9, 0x00, 0x61, 0x12, 0x01]],
])('Snappy: %s is DATA_LOSS', (_, packed) => {
  expect(() => snappyDecode(Uint8Array.from(packed), 100, 'x')).toThrow(expect.objectContaining({ code: 'DATA_LOSS' }));
});

test('Snappy: a claim over the limit is refused before anything is allocated', () => {
  const packed = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f, 0x00);
  expect(() => snappyDecode(packed, 1000, 'x')).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
});

test('Snappy: whatever the bytes are, only FloeErrors are thrown', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (packed) => {
      try {
        expect(snappyDecode(packed, 10_000, 'x').byteLength).toBeLessThanOrEqual(10_000);
      } catch (error) {
        expect(error).toBeInstanceOf(FloeError);
      }
    }),
    { numRuns: 3000 },
  );
});
