/** Numbers as C's `printf` writes them, which is what `AsString` is. */
import { numbersOf, type Tensor } from '../../tensor.ts';
import type { HostNode } from '../host-op.ts';

const DEFAULT_PRECISION = 6;
/** From here on `toFixed` falls back to exponents. */
const MOST_FIXED = 1e21;

/** Writes element `at` of a tensor as the node's attributes say. */
export function formatter(node: HostNode, tensor: Tensor): (at: number) => string {
  const { attrs } = node;
  const precision = attrs.int('precision', -1);
  const pad = padding(attrs.int('width', -1), attrs.string('fill', ''));
  const { dtype } = tensor;
  if (dtype === 'bool') return (at) => pad(tensor.data[at] === 0 ? 'false' : 'true', false);
  if (!/^b?float/.test(dtype)) return (at) => pad(integer(String(tensor.data[at]), precision), true);
  const numbers = numbersOf(tensor);
  const style = styleOf(attrs.bool('scientific', false), attrs.bool('shortest', false));
  return (at) => {
    const value = numbers[at] as number;
    return pad(
      Number.isFinite(value) ? style(value, precision < 0 ? DEFAULT_PRECISION : precision) : special(value),
      Number.isFinite(value),
    );
  };
}

type Style = (value: number, precision: number) => string;

function styleOf(isScientific: boolean, isShortest: boolean): Style {
  if (isScientific) return scientific;
  return isShortest ? shortest : fixed;
}

function special(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  return value > 0 ? 'inf' : '-inf';
}

/** The precision of an integer is how many digits it has at least. */
function integer(digits: string, precision: number): string {
  if (precision <= 0) return digits;
  return digits.startsWith('-') ? `-${digits.slice(1).padStart(precision, '0')}` : digits.padStart(precision, '0');
}

function minus(value: number, text: string): string {
  return Object.is(value, -0) ? `-${text}` : text;
}

function fixed(value: number, precision: number): string {
  if (Math.abs(value) < MOST_FIXED) return minus(value, value.toFixed(precision));
  return precision === 0 ? BigInt(value).toString() : `${BigInt(value)}.${'0'.repeat(precision)}`;
}

/** An exponent has two digits at least. */
function scientific(value: number, precision: number): string {
  return minus(value, value.toExponential(precision).replace(/e([+-])(\d)$/, 'e$10$2'));
}

function shortest(value: number, precision: number): string {
  const digits = Math.max(1, precision);
  const exponent = Number(/e(.+)$/.exec(value.toExponential(digits - 1))?.[1] ?? 0);
  if (exponent >= digits || exponent < -4) return scientific(value, digits - 1).replace(/\.?0*e/, 'e');
  const text = fixed(value, digits - 1 - exponent);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function padding(width: number, fill: string): (text: string, isNumber: boolean) => string {
  return (text, isNumber) => {
    const signed = (fill === '+' || fill === ' ') && isNumber && !text.startsWith('-') ? `${fill}${text}` : text;
    if (signed.length >= width) return signed;
    if (fill === '-') return signed.padEnd(width);
    if (fill !== '0' || !isNumber) return signed.padStart(width);
    return /^[+-]/.test(signed)
      ? `${signed[0]}${signed.slice(1).padStart(width - 1, '0')}`
      : signed.padStart(width, '0');
  };
}
