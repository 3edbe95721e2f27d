/** Parsers of what is said on a command line; each throws what commander shows. */
import { InvalidArgumentError } from 'commander';

/** Told the exit code of a command. */
export type Done = (code: number) => void;

export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('a whole number is needed');
  return Number(text);
}

export function atLeastOne(text: string): number {
  const value = wholeNumber(text);
  if (value < 1) throw new InvalidArgumentError('one or more is needed');
  return value;
}

export function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && value <= 1e6))
    throw new InvalidArgumentError('a number over 0, at most 1e6, is needed');
  return value;
}

export function names(text: string): readonly string[] {
  const list = text.split(',').map((name) => name.trim());
  if (list.includes('')) throw new InvalidArgumentError('a name between two commas is empty');
  return list;
}

/** 0..100. */
export function percentage(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 100))
    throw new InvalidArgumentError('a share of 0 to 100 is needed');
  return value;
}

/** `1,10,50` */
export function percentages(text: string): readonly number[] {
  const list = text.split(',').map(percentage);
  if (list.some((step, at) => step <= (list[at - 1] ?? 0))) throw new InvalidArgumentError('rising shares are needed');
  return list;
}
