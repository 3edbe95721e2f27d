/** What stateless random numbers start from. */
import { keyAndCounter } from '../philox.ts';
import { isInteger } from './elements.ts';
import type { Evaluate } from './evaluate.ts';

const getKeyCounter: Evaluate = (_, [seed]) => {
  if (seed === undefined || !isInteger(seed.dtype)) return undefined;
  const [first = 0n, second = 0n] = Array.from(seed.data as ArrayLike<number | bigint>, BigInt);
  const { key, counter } = keyAndCounter([first, second]);
  return [
    { dtype: 'uint64', shape: [1], data: BigUint64Array.of(key) },
    { dtype: 'uint64', shape: [2], data: BigUint64Array.from(counter) },
  ];
};

export const random: Readonly<Record<string, Evaluate>> = { StatelessRandomGetKeyCounter: getKeyCounter };
