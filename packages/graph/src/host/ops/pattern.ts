/**
 * Regular expressions as TensorFlow writes them (RE2) to JavaScript's, which differ in spelling: JavaScript has no POSIX classes, `\A`,
 * `\z`, `\Q..\E` or `(?P<name>`, takes other characters for spaces and line ends, and has no needless escapes. What both lack the meaning
 * of is refused. Source: https://github.com/google/re2/wiki/Syntax
 */

/** Flags are those of the start of a pattern; others stay inside. */
export interface Pattern {
  readonly source: string;
  readonly flags: string;
}

const SPACES = '\\t\\n\\f\\r ';
const START = '(?<![\\s\\S])';
const END = '(?![\\s\\S])';
const POSIX: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7f',
  blank: '\\t ',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '\\x21-\\x7e',
  lower: 'a-z',
  print: '\\x20-\\x7e',
  punct: '\\x21-\\x2f\\x3a-\\x40\\x5b-\\x60\\x7b-\\x7e',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

/** Throws SyntaxError for what JavaScript cannot express. */
export function patternOf(text: string): Pattern {
  const [opening = '', letters = ''] = /^\(\?([ims]+)\)/.exec(text) ?? [];
  return { source: new Translation(text, opening.length, letters.includes('s')).all(), flags: `v${letters}` };
}

class Translation {
  private readonly text: string;
  private readonly dot: string;
  private at: number;

  constructor(text: string, start: number, anything: boolean) {
    this.text = text;
    this.at = start;
    this.dot = anything ? '[\\s\\S]' : '[^\\n]';
  }

  all(): string {
    let out = '';
    while (this.at < this.text.length) out += this.one();
    return out;
  }

  /** What starts here, if it does. */
  private take(pattern: RegExp): RegExpExecArray | null {
    const sticky = new RegExp(pattern.source, 'yu');
    sticky.lastIndex = this.at;
    const found = sticky.exec(this.text);
    if (found !== null) this.at = sticky.lastIndex;
    return found;
  }

  private next(): string {
    const [char] = this.take(/[\s\S]/) ?? [];
    if (char === undefined) throw new SyntaxError('the pattern ends too early');
    return char;
  }

  private one(): string {
    const repeat = this.take(/\{\d+(?:,\d*)?\}/);
    if (repeat !== null) return repeat[0];
    const char = this.next();
    switch (char) {
      case '\\':
        return this.escaped();
      case '[':
        return this.charClass();
      case '(':
        return this.opened();
      case '.':
        return this.dot;
      case '{':
      case '}':
      case ']':
        return `\\${char}`;
      default:
        return char;
    }
  }

  private opened(): string {
    if (this.take(/\?P?</) !== null) {
      if (this.take(/[=!]/) !== null) throw new SyntaxError('looking behind is not possible');
      return '(?<';
    }
    const group = this.take(/\?(?:[im]*(?:-[im]+)?):/);
    if (group !== null) return `(${group[0]}`;
    if (this.take(/\?/) !== null) throw new SyntaxError('a group starts with flags or signs that are not known');
    return '(';
  }

  /** Outside of a class. */
  private escaped(): string {
    const quoted = this.take(/Q(.*?)(?:\\E|$)/);
    if (quoted !== null) return [...(quoted[1] as string)].map(literal).join('');
    if (this.take(/A/) !== null) return START;
    if (this.take(/z/) !== null) return END;
    if (this.take(/b/) !== null) return '\\b';
    if (this.take(/B/) !== null) return '\\B';
    if (this.take(/s/) !== null) return `[${SPACES}]`;
    return this.escape();
  }

  /** What means the same inside of a class. */
  private escape(): string {
    const hex = this.take(/x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))/);
    if (hex !== null) return `\\u{${hex[1] ?? hex[2]}}`;
    const property = this.take(/([pP])(?:\{(\^?)(\w+)\}|([A-Z]))/);
    if (property !== null) return unicode(property);
    const char = this.next();
    if (char === 's') return `[${SPACES}]`;
    if (char === 'S') return `[^${SPACES}]`;
    if (char === 'a') return '\\x07';
    if (/[dwDWntrfv]/.test(char)) return `\\${char}`;
    if (/[0-9A-Za-z]/.test(char)) throw new SyntaxError(`\\${char} is not known`);
    return literal(char);
  }

  private charClass(): string {
    let out = this.take(/\^/) === null ? '[' : '[^';
    let first = true;
    while (first || this.take(/\]/) === null) {
      out += this.member();
      first = false;
    }
    return `${out}]`;
  }

  private member(): string {
    const posix = this.take(/\[:(\^?)(\w+):\]/);
    if (posix !== null) {
      const members = POSIX[posix[2] as string];
      if (members === undefined) throw new SyntaxError(`the class ${posix[0]} is not known`);
      return `[${posix[1]}${members}]`;
    }
    const from = this.single();
    return this.take(/-(?!\])/) === null ? from : `${from}-${this.single()}`;
  }

  private single(): string {
    const char = this.next();
    return char === '\\' ? this.escape() : literal(char);
  }
}

/** A character that stands for itself, wherever it stands. */
function literal(char: string): string {
  return /[0-9A-Za-z]/.test(char) ? char : `\\u{${(char.codePointAt(0) as number).toString(16)}}`;
}

/** RE2 names a script by itself. */
function unicode([, sign, not = '', long, short]: RegExpExecArray): string {
  const name = long ?? short ?? '';
  const isNot = (sign === 'P') !== (not === '^');
  return `\\${isNot ? 'P' : 'p'}{${name.length > 2 ? 'Script=' : ''}${name}}`;
}
