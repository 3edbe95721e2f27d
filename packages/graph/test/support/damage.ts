/** Bytes with some changed, spans doubled or cut out, and perhaps without their end. */
import fc from 'fast-check';

interface Change {
  readonly at: number;
  readonly kind: 'set' | 'double' | 'cut';
  readonly value: number;
}

const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat(2 ** 30),
  kind: fc.oneof(
    { weight: 4, arbitrary: fc.constant('set' as const) },
    fc.constantFrom('double' as const, 'cut' as const),
  ),
  value: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)),
});

function changed(bytes: Uint8Array, { at, kind, value }: Change): Uint8Array {
  const start = at % Math.max(1, bytes.byteLength);
  if (kind === 'set') return bytes.with(start, value);
  const end = Math.min(bytes.byteLength, start + value);
  return Uint8Array.from([
    ...bytes.subarray(0, kind === 'double' ? end : start),
    ...bytes.subarray(kind === 'double' ? start : end),
  ]);
}

export function damaged(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const end = fc.oneof({ weight: 5, arbitrary: fc.constant(2 ** 30) }, fc.nat(bytes.byteLength));
  return fc
    .tuple(fc.array(change, { minLength: 1, maxLength: 8 }), end)
    .map(([changes, cut]) =>
      changes.reduce((now, each) => (now.byteLength === 0 ? now : changed(now, each)), bytes).subarray(0, cut),
    );
}
