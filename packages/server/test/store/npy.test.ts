import { describe, expect, it } from 'vitest';
import { parseNpy } from '../../src/store/npy.ts';

function npy(descr: string, shape: string, data: Uint8Array, fortran = 'False'): Uint8Array {
  const header = `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;
  const padded = `${header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11)}\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(padded.length);
  return Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), length, Buffer.from(padded), data]);
}

describe('.npy files', () => {
  it('are tensors', () => {
    const data = new Uint8Array(new Float32Array([1, 2, 3, 4, 5, 6]).buffer);
    expect(parseNpy(npy('<f4', '(2, 3)', data), 'a.npy')).toEqual({
      dtype: 'float32',
      shape: [2, 3],
      data: new Float32Array([1, 2, 3, 4, 5, 6]),
    });
  });

  it('may be scalars', () => {
    expect(parseNpy(npy('|u1', '()', new Uint8Array([7])), 'a.npy')).toMatchObject({ shape: [], dtype: 'uint8' });
  });

  const bad: [string, Uint8Array, RegExp][] = [
    ['something else', Buffer.from('PK\x03\x04 not numpy at all'), /a\.npy is no \.npy file/],
    ['too short for their shape', npy('<f4', '(2,)', new Uint8Array(4)), /has 1 elements where its shape needs 2/],
    ['big-endian', npy('>f4', '(1,)', new Uint8Array(4)), /only little-endian numbers/],
    ['in Fortran order', npy('<f4', '(1,)', new Uint8Array(4), 'True'), /in C order/],
  ];
  for (const [what, bytes, message] of bad) {
    it(`are refused where they are ${what}`, () => expect(() => parseNpy(bytes, 'a.npy')).toThrow(message));
  }
});
