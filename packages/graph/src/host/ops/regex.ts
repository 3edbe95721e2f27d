/** Regular expressions. Texts that are no UTF-8 match by U+FFFD for what is not. */
import type { Node } from '../../graph.ts';
import type { Tensor } from '../../tensor.ts';
import type { HostNode, HostOp, HostTable } from '../host-op.ts';
import { patternOf } from './pattern.ts';
import { decode, encode } from './utf8.ts';

/** The last pattern of each node; mostly it has but one. */
const compiled = new WeakMap<Node, { readonly pattern: string; readonly regex: RegExp }>();

/** `around` gives the source that is matched; `flags` are added. */
function regexOf(node: HostNode, pattern: string, flags: string, around = (source: string) => source): RegExp {
  const known = compiled.get(node.node);
  if (known?.pattern === pattern) return known.regex;
  try {
    const translated = patternOf(pattern);
    const regex = new RegExp(around(translated.source), flags + translated.flags);
    compiled.set(node.node, { pattern, regex });
    return regex;
  } catch (error) {
    throw node.fail(`has a pattern that is not supported: ${pattern}: ${(error as Error).message}`);
  }
}

function scalar(node: HostNode, inputs: Parameters<HostOp>[1], at: number): string {
  const [text, ...more] = node.strings(inputs, at);
  if (text === undefined || more.length > 0) throw node.fail(`needs one string as input ${at}`);
  return decode(text);
}

type Parts = (node: HostNode, inputs: Parameters<HostOp>[1]) => readonly string[];
/** Pattern and rewriting: attributes of the static ops, inputs of the others. */
const fromAttrs =
  (...names: readonly string[]): Parts =>
  (node) =>
    names.map((name) => node.attrs.string(name));
const fromInputs =
  (...places: readonly number[]): Parts =>
  (node, inputs) =>
    places.map((at) => scalar(node, inputs, at));

const replace =
  (parts: Parts): HostOp =>
  (node, inputs) => {
    const [pattern = '', rewrite = ''] = parts(node, inputs);
    const regex = regexOf(node, pattern, node.attrs.bool('replace_global', true) ? 'g' : '');
    const change = replacer(node, rewrite);
    const { shape } = node.tensor(inputs, 0);
    const data = node.strings(inputs, 0).map((bytes) => {
      const text = decode(bytes);
      const changed = text.replace(regex, change());
      return changed === text ? bytes : encode(changed);
    });
    return [{ dtype: 'string', shape, data }];
  };

/**
 * `\1` and the like are groups, `\0` is all. Made for each text: an empty match right behind another is none, which JavaScript takes for
 * one.
 */
function replacer(node: HostNode, rewrite: string): () => (match: string, ...rest: unknown[]) => string {
  const pieces = rewrite.match(/\\.|[^\\]+|\\$/gs) ?? [];
  const unknown = pieces.find((piece) => piece.startsWith('\\') && !/^\\[\d\\]$/.test(piece));
  if (unknown !== undefined) throw node.fail(`has ${unknown} in its rewrite, which is not supported`);
  return () => {
    let end = -1;
    return (match, ...rest) => {
      const groups = rest.slice(
        0,
        rest.findIndex((each) => typeof each === 'number'),
      ) as string[];
      const start = rest[groups.length] as number;
      if (match === '' && start === end) return '';
      end = start + match.length;
      return pieces.map((piece) => written(piece, [match, ...groups])).join('');
    };
  };
}

function written(piece: string, groups: readonly (string | undefined)[]): string {
  if (!piece.startsWith('\\')) return piece;
  return piece === '\\\\' ? '\\' : (groups[Number(piece[1])] ?? '');
}

const fullMatch =
  (parts: Parts): HostOp =>
  (node, inputs) => {
    const [pattern = ''] = parts(node, inputs);
    const regex = regexOf(node, pattern, '', (source) => `(?<![\\s\\S])(?:${source})(?![\\s\\S])`);
    const { shape } = node.tensor(inputs, 0);
    const data = Uint8Array.from(node.strings(inputs, 0), (bytes) => (regex.test(decode(bytes)) ? 1 : 0));
    const matches: Tensor = { dtype: 'bool', shape, data };
    return [matches];
  };

export const regexes: HostTable = {
  RegexReplace: replace(fromInputs(1, 2)),
  StaticRegexReplace: replace(fromAttrs('pattern', 'rewrite')),
  RegexFullMatch: fullMatch(fromInputs(1)),
  StaticRegexFullMatch: fullMatch(fromAttrs('pattern')),
};
