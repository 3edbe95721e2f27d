/**
 * The simplest of RE2's regular expressions as JavaScript's: single characters and classes of them, one behind the other, of which the last may be
 * repeated. There is nothing to go back for, so JavaScript's search takes time by the text's length alone, a seventieth of RE2's: `TextVectorization`
 * strips punctuation by such a pattern.
 */

const SETS: Readonly<Record<string, string>> = { d: '0-9', s: '\\t\\n\\f\\r ', w: '0-9A-Za-z_' };
/** Set, escaped character, class, character. */
const ITEM = /\\([dsw])|\\([^A-Za-z0-9])|\[(\^?)((?:\\[dsw]|\\[^A-Za-z0-9]|[^\]\\[])+)\]|([^\\[\](){}.*+?|^$])/uy;
const PART = /\\([dsw])|(\\.|[^\\])(?:-(\\.|[^\\]))?/gsu;
const REPEATED = /[+*]?$/uy;

/** The source of a RegExp with the flag `u`; undefined for any other pattern. */
export function plainPattern(pattern: string): string | undefined {
  let source = '';
  let at = 0;
  for (let item = matchAt(ITEM, pattern, at); item !== null; item = matchAt(ITEM, pattern, at)) {
    const [all, set, escaped, negated, parts, plain] = item;
    const character = escaped ?? plain;
    if (character !== undefined) source += code(character);
    else source += `[${negated ?? ''}${set === undefined ? classOf(parts ?? '') : SETS[set]}]`;
    at += all.length;
  }
  const end = matchAt(REPEATED, pattern, at);
  return at === 0 || end === null ? undefined : source + end[0];
}

function matchAt(sticky: RegExp, text: string, at: number): RegExpExecArray | null {
  sticky.lastIndex = at;
  return sticky.exec(text);
}

function classOf(parts: string): string {
  return parts.replaceAll(PART, (_, set?: string, first = '', last?: string) => {
    if (set !== undefined) return SETS[set] as string;
    return last === undefined ? code(first) : `${code(first)}-${code(last)}`;
  });
}

/** Of a character, escaped or not. */
function code(character: string): string {
  return `\\u{${(character.replace(/^\\(?=.)/su, '').codePointAt(0) as number).toString(16)}}`;
}
