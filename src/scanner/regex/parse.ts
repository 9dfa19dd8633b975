import { ANY_BUT_NEWLINE, ANY_CHAR, charSet, complement, foldCase, literalSet, MAX_CODE_POINT, PERL_CLASSES, POSIX_CLASSES } from './char-set.js';
import type { CharSet } from './char-set.js';
import { PatternError } from './syntax.js';
import type { Node } from './syntax.js';
import { unicodeClass } from './unicode-class.js';

/** RE2's own bound on `{n}`, nested ones multiplied. */
const MAX_REPEAT = 1000;
/** Deeper nesting says more about the pattern than about what it looks for. */
const MAX_DEPTH = 100;
const MAX_PATTERN_LENGTH = 10_000;

const EMPTY: Node = { kind: 'empty' };

const CONTROL_ESCAPES: Readonly<Record<string, number>> = { a: 0x07, f: 0x0c, t: 0x09, n: 0x0a, r: 0x0d, v: 0x0b };

/** Python's `i`, `m`, `s`; `ungreedy` is RE2's `U`. */
interface Flags { readonly ignoreCase: boolean; readonly multiline: boolean; readonly dotAll: boolean; readonly ungreedy: boolean }

/**
 * Parses the syntax of RE2 (https://github.com/google/re2/wiki/Syntax, the Perl flavour without `\C`), plus `\uXXXX`,
 * `\u{…}` and `(?<name>…)`. It takes nothing that RE2 refuses: look-around, back-references, possessive and atomic
 * groups, counts over 1,000. Throws `PatternError` with the reason and the offset.
 */
export function parsePattern(source: string): Node {
  if (source.length > MAX_PATTERN_LENGTH) throw new PatternError(`is longer than ${MAX_PATTERN_LENGTH} characters`);
  return new Parser(source).parse();
}

class Parser {
  private at = 0;
  private flags: Flags = { ignoreCase: false, multiline: false, dotAll: false, ungreedy: false };
  private readonly groupNames = new Set<string>();

  constructor(private readonly source: string) {}

  parse(): Node {
    const node = this.alternation(0);
    if (this.at < this.source.length) this.fail('unexpected )');
    checkRepeats(node, 1, (reason) => this.fail(reason));
    return node;
  }

  private alternation(depth: number): Node {
    if (depth > MAX_DEPTH) this.fail(`groups nested deeper than ${MAX_DEPTH}`);
    const branches: Node[] = [this.sequence(depth)];
    while (this.peek() === '|') {
      this.at++;
      branches.push(this.sequence(depth));
    }
    const [only] = branches;
    return branches.length === 1 && only !== undefined ? only : { kind: 'alternate', branches };
  }

  private sequence(depth: number): Node {
    const parts: Node[] = [];
    for (let next = this.peek(); next !== '' && next !== '|' && next !== ')'; next = this.peek()) {
      if (this.quoted(parts)) continue;
      const atom = this.atom(depth);
      if (atom !== undefined) parts.push(this.quantified(atom));
    }
    const [only] = parts;
    if (only === undefined) return EMPTY;
    return parts.length === 1 ? only : { kind: 'concat', parts };
  }

  /** `\Q…\E`: literal text; a quantifier after it applies to its last character. */
  private quoted(parts: Node[]): boolean {
    if (!this.source.startsWith('\\Q', this.at)) return false;
    const end = this.source.indexOf('\\E', this.at + 2);
    const text = [...this.source.slice(this.at + 2, end < 0 ? undefined : end)];
    this.at = end < 0 ? this.source.length : end + 2;
    text.forEach((char, index) => {
      const literal = this.literal(char.codePointAt(0) ?? 0);
      parts.push(index === text.length - 1 ? this.quantified(literal) : literal);
    });
    return true;
  }

  private atom(depth: number): Node | undefined {
    const char = this.peek();
    switch (char) {
      case '(': return this.group(depth);
      case '[': return { kind: 'set', set: this.bracketClass() };
      case '.': this.at++; return { kind: 'set', set: this.flags.dotAll ? ANY_CHAR : ANY_BUT_NEWLINE };
      case '^': this.at++; return { kind: 'assert', what: this.flags.multiline ? 'lineStart' : 'textStart' };
      case '$': this.at++; return { kind: 'assert', what: this.flags.multiline ? 'lineEnd' : 'textEnd' };
      case '*': case '+': case '?': return this.fail(`nothing to repeat before ${char}`);
      case '\\': return this.escape();
      default: {
        if (char === '{' && this.counts() !== undefined) this.fail('nothing to repeat before {');
        return this.literal(this.take());
      }
    }
  }

  private quantified(child: Node): Node {
    const bounds = this.quantifier();
    if (bounds === undefined) return child;
    let greedy = !this.flags.ungreedy;
    if (this.peek() === '?') {
      this.at++;
      greedy = !greedy;
    }
    if (this.peek() === '+') this.fail('possessive quantifiers are not supported');
    if (this.quantifier() !== undefined) this.fail('a repetition of a repetition needs a group');
    return { kind: 'repeat', child, ...bounds, greedy };
  }

  private quantifier(): { min: number; max: number } | undefined {
    switch (this.peek()) {
      case '*': this.at++; return { min: 0, max: Infinity };
      case '+': this.at++; return { min: 1, max: Infinity };
      case '?': this.at++; return { min: 0, max: 1 };
      case '{': {
        const counts = this.counts();
        if (counts === undefined) return undefined;
        this.at += counts.length;
        if (counts.min > MAX_REPEAT || (counts.max !== Infinity && counts.max > MAX_REPEAT)) this.fail(`repeats more than ${MAX_REPEAT} times`);
        if (counts.min > counts.max) this.fail('the bounds of a repetition are in the wrong order');
        return { min: counts.min, max: counts.max };
      }
      default: return undefined;
    }
  }

  /** `{n}`, `{n,}` or `{n,m}` at this place; everything else that begins with a brace is literal. */
  private counts(): { min: number; max: number; length: number } | undefined {
    const sticky = /\{(\d+)(?:(,)(\d*))?\}/y;
    sticky.lastIndex = this.at;
    const found = sticky.exec(this.source);
    if (found === null) return undefined;
    const min = Number(found[1]);
    const max = found[2] === undefined ? min : found[3] === undefined || found[3] === '' ? Infinity : Number(found[3]);
    return { min, max: Number.isFinite(max) ? max : found[3] === '' ? Infinity : MAX_REPEAT + 1, length: found[0].length };
  }

  private group(depth: number): Node | undefined {
    const outer = this.flags;
    this.at++;
    if (this.peek() === '?') {
      this.at++;
      const named = /(?:P?<)([A-Za-z_][A-Za-z0-9_]*)>/y;
      named.lastIndex = this.at;
      const name = named.exec(this.source);
      if (name !== null) {
        if (this.groupNames.has(name[1] ?? '')) this.fail('two groups have the same name');
        this.groupNames.add(name[1] ?? '');
        this.at += name[0].length;
      } else if (this.inlineFlags()) {
        return undefined;
      }
    }
    const node = this.alternation(depth + 1);
    if (this.peek() !== ')') this.fail('missing )');
    this.at++;
    this.flags = outer;
    return node;
  }

  /** `(?flags)` (true) or the head of `(?flags:…)` (false). */
  private inlineFlags(): boolean {
    const next = this.source.slice(this.at, this.at + 2);
    if (next.startsWith('=') || next.startsWith('!')) this.fail('look-ahead is not supported: its time is not bounded');
    if (next === '<=' || next === '<!') this.fail('look-behind is not supported: its time is not bounded');
    if (next.startsWith('>')) this.fail('atomic groups are not supported');
    if (next.startsWith('P=')) this.fail('back-references are not supported: their time is not bounded');
    if (next.startsWith('P>') || next.startsWith('(') || next.startsWith('R') || next.startsWith('&')) this.fail('recursion and conditions are not supported');
    if (next.startsWith('#')) this.fail('comments are not supported');
    const head = /([A-Za-z]*)(?:(-)([A-Za-z]+))?([:)])/y;
    head.lastIndex = this.at;
    const found = head.exec(this.source);
    if (found === null) return this.fail('unknown kind of group');
    this.flags = this.withLetters(this.withLetters(this.flags, found[1] ?? '', true), found[3] ?? '', false);
    this.at += found[0].length;
    return found[4] === ')';
  }

  private withLetters(flags: Flags, letters: string, on: boolean): Flags {
    let changed = flags;
    for (const letter of letters) {
      switch (letter) {
        case 'i': changed = { ...changed, ignoreCase: on }; break;
        case 'm': changed = { ...changed, multiline: on }; break;
        case 's': changed = { ...changed, dotAll: on }; break;
        case 'U': changed = { ...changed, ungreedy: on }; break;
        case 'x': this.fail('the flag x (verbose) is not supported'); break;
        default: this.fail(`the flag ${letter} is not supported`);
      }
    }
    return changed;
  }

  private escape(): Node {
    const letter = this.source[this.at + 1] ?? '';
    switch (letter) {
      case 'b': this.at += 2; return { kind: 'assert', what: 'wordBoundary' };
      case 'B': this.at += 2; return { kind: 'assert', what: 'notWordBoundary' };
      case 'A': this.at += 2; return { kind: 'assert', what: 'textStart' };
      case 'z': this.at += 2; return { kind: 'assert', what: 'textEnd' };
      case 'Z': return this.fail('\\Z is not supported; use \\z');
      case 'k': return this.fail('back-references are not supported: their time is not bounded');
      default: {
        const set = this.classEscape();
        return set === undefined ? this.literal(this.charEscape()) : { kind: 'set', set };
      }
    }
  }

  /** `\d`, `\p{…}` and their like, with case variants where the flag asks for them; undefined when it is something else. */
  private classEscape(): CharSet | undefined {
    const letter = this.source[this.at + 1] ?? '';
    const lower = letter.toLowerCase();
    const perl = PERL_CLASSES[lower];
    let positive: CharSet;
    let negated = letter !== lower;
    if (perl !== undefined) {
      this.at += 2;
      positive = perl;
    } else if (lower === 'p') {
      const name = /\\[pP](?:([A-Z])|\{(\^?)([A-Za-z_]+)\})/y;
      name.lastIndex = this.at;
      const found = name.exec(this.source);
      const set = found === null ? undefined : unicodeClass(found[1] ?? found[3] ?? '');
      if (found === null || set === undefined) return this.fail('unknown Unicode class; general categories such as \\p{Lu} and scripts such as \\p{Greek} are known');
      this.at += found[0].length;
      negated = negated !== (found[2] === '^');
      positive = set;
    } else {
      return undefined;
    }
    if (this.flags.ignoreCase) positive = foldCase(positive);
    return negated ? complement(positive) : positive;
  }

  /** An escape that stands for one character. */
  private charEscape(): number {
    const rest = this.source.slice(this.at);
    const letter = rest[1] ?? '';
    if (letter === '') return this.fail('a backslash at the end');
    const control = CONTROL_ESCAPES[letter];
    if (control !== undefined) {
      this.at += 2;
      return control;
    }
    const coded = /^\\(?:x([0-9A-Fa-f]{2})|x\{([0-9A-Fa-f]{1,8})\}|u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,8})\}|0([0-7]{0,2}))/.exec(rest);
    if (coded !== null) {
      this.at += coded[0].length;
      const hex = coded[1] ?? coded[2] ?? coded[3] ?? coded[4];
      const code = hex === undefined ? Number.parseInt(coded[5] === '' ? '0' : coded[5] ?? '0', 8) : Number.parseInt(hex, 16);
      if (code > MAX_CODE_POINT || (code >= 0xd800 && code <= 0xdfff)) this.fail('not a Unicode character');
      return code;
    }
    if (/[1-9]/.test(letter)) return this.fail('back-references are not supported: their time is not bounded');
    if (/[\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e ]/.test(letter)) {
      this.at += 2;
      return letter.charCodeAt(0);
    }
    return this.fail('unknown escape sequence');
  }

  private bracketClass(): CharSet {
    this.at++;
    const negated = this.peek() === '^';
    if (negated) this.at++;
    const ranges: number[] = [];
    for (let first = true; first || this.peek() !== ']'; first = false) {
      if (this.peek() === '') this.fail('missing ]');
      const set = this.posixClass() ?? (this.peek() === '\\' ? this.classEscape() : undefined);
      if (set !== undefined) {
        ranges.push(...set);
        continue;
      }
      const low = this.classChar();
      let high = low;
      if (this.peek() === '-' && this.source[this.at + 1] !== ']' && this.at + 1 < this.source.length) {
        this.at++;
        high = this.classChar();
        if (high < low) this.fail('the ends of a range are in the wrong order');
      }
      ranges.push(...(this.flags.ignoreCase ? foldCase([low, high]) : [low, high]));
    }
    this.at++;
    const set = charSet(ranges);
    return negated ? complement(set) : set;
  }

  private classChar(): number {
    return this.peek() === '\\' ? this.charEscape() : this.take();
  }

  private posixClass(): CharSet | undefined {
    if (!this.source.startsWith('[:', this.at)) return undefined;
    const end = this.source.indexOf(':]', this.at + 2);
    if (end < 0) return undefined;
    const name = this.source.slice(this.at + 2, end);
    const negated = name.startsWith('^');
    const known = POSIX_CLASSES[negated ? name.slice(1) : name];
    if (known === undefined) return this.fail('unknown class name between [: and :]');
    this.at = end + 2;
    const set = this.flags.ignoreCase ? foldCase(known) : known;
    return negated ? complement(set) : set;
  }

  private literal(code: number): Node {
    return { kind: 'set', set: literalSet(code, this.flags.ignoreCase) };
  }

  private peek(): string {
    return this.source[this.at] ?? '';
  }

  private take(): number {
    const code = this.source.codePointAt(this.at) ?? this.fail('ends too early');
    if (code >= 0xd800 && code <= 0xdfff) this.fail('not a Unicode character');
    this.at += code > 0xffff ? 2 : 1;
    return code;
  }

  private fail(reason: string): never {
    throw new PatternError(`${reason} (at offset ${this.at})`);
  }
}

/** Counted repetitions inside counted repetitions multiply; RE2 bounds the product. */
function checkRepeats(node: Node, outer: number, fail: (reason: string) => never): void {
  switch (node.kind) {
    case 'concat': for (const part of node.parts) checkRepeats(part, outer, fail); break;
    case 'alternate': for (const branch of node.branches) checkRepeats(branch, outer, fail); break;
    case 'repeat': {
      const count = node.max === Infinity ? node.min : node.max;
      const product = outer * Math.max(1, count);
      if (product > MAX_REPEAT) fail(`nested repetitions of more than ${MAX_REPEAT} in all`);
      checkRepeats(node.child, product, fail);
      break;
    }
    case 'empty': case 'set': case 'assert': break;
  }
}
