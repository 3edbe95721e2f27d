/**
 * Regular expressions, which are RE2's: whatever the pattern, and whoever wrote the text, a search takes time by the text's length. Texts that are no
 * UTF-8 match by U+FFFD for what is not.
 */
import { RE2JS } from 're2js';
import type { Node } from '../../graph.ts';
import type { Tensor } from '../../tensor.ts';
import type { HostNode, HostOp, HostTable } from '../host-op.ts';
import { plainPattern } from './plain-pattern.ts';
import { decode, encode } from './utf8.ts';

interface Found {
  readonly start: number;
  readonly end: number;
  /** The whole match first. */
  readonly groups: readonly (string | undefined)[];
}

interface Regex {
  /** Of the whole text. */
  matches(text: string): boolean;
  /** In their order. */
  find(text: string): Iterable<Found>;
}

/** The last pattern of each node; mostly it has but one. */
const compiled = new WeakMap<Node, { readonly pattern: string; readonly regex: Regex }>();

function regexOf(node: HostNode, pattern: string): Regex {
  const known = compiled.get(node.node);
  if (known?.pattern === pattern) return known.regex;
  try {
    const regex = plainRegex(pattern) ?? anyRegex(pattern);
    compiled.set(node.node, { pattern, regex });
    return regex;
  } catch (error) {
    throw node.fail(`has a pattern that is not supported: ${pattern}: ${(error as Error).message}`);
  }
}

function plainRegex(pattern: string): Regex | undefined {
  const source = plainPattern(pattern);
  if (source === undefined) return undefined;
  const [whole, each] = [new RegExp(`^${source}$`, 'u'), new RegExp(source, 'gu')];
  return {
    matches: (text) => whole.test(text),
    *find(text) {
      for (const match of text.matchAll(each))
        yield { start: match.index, end: match.index + match[0].length, groups: match };
    },
  };
}

function anyRegex(pattern: string): Regex {
  const regex = RE2JS.compile(pattern);
  return {
    matches: (text) => regex.matches(text),
    *find(text) {
      const matcher = regex.matcher(text);
      while (matcher.find()) {
        const groups = Array.from({ length: regex.groupCount() + 1 }, (_, i) => matcher.group(i) ?? undefined);
        yield { start: matcher.start(), end: matcher.end(), groups };
      }
    },
  };
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
    const regex = regexOf(node, pattern);
    const change = { pieces: piecesOf(node, rewrite), all: node.attrs.bool('replace_global', true) };
    const { shape } = node.tensor(inputs, 0);
    const data = node.strings(inputs, 0).map((bytes) => {
      const text = decode(bytes);
      const changed = replaced(text, regex, change);
      return changed === text ? bytes : encode(changed);
    });
    return [{ dtype: 'string', shape, data }];
  };

/** `\1` and the like are groups, `\0` is all. */
function piecesOf(node: HostNode, rewrite: string): readonly string[] {
  const pieces = rewrite.match(/\\.|[^\\]+|\\$/gs) ?? [];
  const unknown = pieces.find((piece) => piece.startsWith('\\') && !/^\\[\d\\]$/.test(piece));
  if (unknown !== undefined) throw node.fail(`has ${unknown} in its rewrite, which is not supported`);
  return pieces;
}

function replaced(
  text: string,
  regex: Regex,
  { pieces, all }: { readonly pieces: readonly string[]; readonly all: boolean },
): string {
  let out = '';
  let from = 0;
  let last = -1;
  for (const { start, end, groups } of regex.find(text)) {
    // An empty match right behind another is none.
    if (start === end && start === last) continue;
    out += text.slice(from, start);
    for (const piece of pieces) out += written(piece, groups);
    from = last = end;
    if (!all) break;
  }
  return out + text.slice(from);
}

function written(piece: string, groups: readonly (string | undefined)[]): string {
  if (!piece.startsWith('\\')) return piece;
  return piece === '\\\\' ? '\\' : (groups[Number(piece[1])] ?? '');
}

const fullMatch =
  (parts: Parts): HostOp =>
  (node, inputs) => {
    const [pattern = ''] = parts(node, inputs);
    const regex = regexOf(node, pattern);
    const { shape } = node.tensor(inputs, 0);
    const data = Uint8Array.from(node.strings(inputs, 0), (bytes) => (regex.matches(decode(bytes)) ? 1 : 0));
    const matches: Tensor = { dtype: 'bool', shape, data };
    return [matches];
  };

export const regexes: HostTable = {
  RegexReplace: replace(fromInputs(1, 2)),
  StaticRegexReplace: replace(fromAttrs('pattern', 'rewrite')),
  RegexFullMatch: fullMatch(fromInputs(1)),
  StaticRegexFullMatch: fullMatch(fromAttrs('pattern')),
};
