/**
 * Which kind of request comes next: classes of so many rows, in shares, `small=1:0.9,large=20:0.1`, or of a shape, for a model of one input
 * that takes several: `small=1x224x224x3:0.9,large=1x1792x1792x3:0.1`.
 */
import { FloeError } from '@floe/graph/base';

export interface RequestClass {
  readonly name: string;
  readonly rows: number;
  /** Of the model's input, rows first, where the class says so. */
  readonly shape?: readonly number[];
  /** Part of all requests, 0..1; those of a mix add up to 1. */
  readonly share: number;
}

const MOST_ROWS = 65_536;
const CLASS = /^([\w.-]+)=(\d{1,6}(?:x\d{1,6})*):(\d*\.?\d+)$/;

/** Shares are taken as parts of their sum. Throws INVALID_ARGUMENT naming the class that cannot be read. */
export function parseMix(text: string): readonly RequestClass[] {
  const classes = text.split(',').map((entry) => parseClass(entry.trim()));
  const sum = classes.reduce((total, { share }) => total + share, 0);
  if (sum === 0) throw refuse(text, 'all shares are 0');
  if (new Set(classes.map(({ name }) => name)).size < classes.length) throw refuse(text, 'a name comes twice');
  return classes.map((one) => ({ ...one, share: one.share / sum }));
}

function parseClass(entry: string): RequestClass {
  const [, name = '', dims = '', share] = CLASS.exec(entry) ?? [];
  if (name === '') throw refuse(entry, 'a class is written name=rows:share');
  const shape = dims.split('x').map(Number);
  const [rows = 0] = shape;
  if (rows < 1 || rows > MOST_ROWS) throw refuse(entry, `rows are 1 to ${MOST_ROWS}`);
  return { name, rows, ...(shape.length > 1 ? { shape } : {}), share: Number(share) };
}

function refuse(text: string, reason: string): FloeError {
  return new FloeError('INVALID_ARGUMENT', `--mix ${text}: ${reason}`, { field: '--mix', reason });
}

/** Draws the index of a class by its share; `next` gives numbers in [0, 1). */
export function drawFrom(classes: readonly RequestClass[], next: () => number): () => number {
  return () => {
    let left = next();
    for (const [index, { share }] of classes.entries()) {
      left -= share;
      if (left < 0) return index;
    }
    return classes.length - 1;
  };
}
