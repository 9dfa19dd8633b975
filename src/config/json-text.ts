import { ConfigError } from '../errors.js';
import type { Path } from './pointer.js';
import { pointerOf } from './pointer.js';

const MAX_DEPTH = 64;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const SPACES: ReadonlySet<number> = new Set([0x20, 0x09, 0x0d, 0x0a]);
const WORD = /true|false|null/y;

/**
 * The value of a JSON text. Throws ConfigError with the line and column of what is wrong, and for a key that is
 * given twice, which JSON.parse would let pass. Unlike JSON.parse's messages, these show nothing of the text.
 */
export function parseJsonText(text: string): unknown {
  let at = 0;

  const fail = (message: string, position = at): never => {
    const before = text.slice(0, position).split('\n');
    throw new ConfigError('CONFIG_INVALID', [{ pointer: '', message: `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}: ${message}` }]);
  };
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  // Strings and spaces by hand: a regular expression's stack overflows on megabytes of them.
  const skip = (): void => { while (SPACES.has(text.charCodeAt(at))) at++; };
  const takeString = (): string | undefined => {
    const start = at;
    if (text[at] !== '"') return undefined;
    for (at++; at < text.length && text.charCodeAt(at) >= 0x20; ) {
      if (text[at] === '"') return text.slice(start, ++at);
      if (text[at] !== '\\') at++;
      else if (take(ESCAPE) === undefined) break;
    }
    return fail(at >= text.length ? 'the text that begins here is not closed' : 'a bad escape or a control character in a text', at >= text.length ? start : at);
  };
  const next = (character: string): boolean => {
    if (text[at] !== character) return false;
    at++;
    return true;
  };
  const unexpected = (wanted: string): never => {
    if (at >= text.length) return fail(`expected ${wanted}, found the end of the file`);
    if (text.startsWith('//', at) || text.startsWith('/*', at)) return fail(`expected ${wanted}, found a comment; JSON has none`);
    if (text[at] === "'") return fail(`expected ${wanted}, found a single quote; JSON has double quotes`);
    return fail(`expected ${wanted}`);
  };

  function value(path: Path | undefined, depth: number): void {
    if (depth > MAX_DEPTH) fail(`more than ${MAX_DEPTH} levels`);
    if (next('{')) { members(path, depth); return; }
    if (next('[')) { elements(path, depth); return; }
    if (takeString() === undefined && take(NUMBER) === undefined && take(WORD) === undefined) unexpected('a value');
  }

  function members(path: Path | undefined, depth: number): void {
    const keys = new Set<string>();
    skip();
    if (next('}')) return;
    for (;;) {
      const start = at;
      const key = takeString() ?? unexpected('a key in double quotes');
      const name = key.includes('\\') ? String(JSON.parse(key)) : key.slice(1, -1);
      const below = { parent: path, key: name };
      if (keys.has(name)) fail(`the key ${pointerOf(below)} is given twice`, start);
      keys.add(name);
      skip();
      if (!next(':')) unexpected('":"');
      skip();
      value(below, depth + 1);
      skip();
      if (next('}')) return;
      if (!next(',')) unexpected('"," or "}"');
      skip();
      if (text[at] === '}') fail('a comma before "}"; JSON has none there');
    }
  }

  function elements(path: Path | undefined, depth: number): void {
    skip();
    if (next(']')) return;
    for (let index = 0; ; index++) {
      value({ parent: path, key: index }, depth + 1);
      skip();
      if (next(']')) return;
      if (!next(',')) unexpected('"," or "]"');
      skip();
      if (text[at] === ']') fail('a comma before "]"; JSON has none there');
    }
  }

  if (text.startsWith('\ufeff')) fail('the file begins with a byte order mark; save it as UTF-8 without one');
  skip();
  value(undefined, 0);
  skip();
  if (at < text.length) unexpected('the end of the file');
  return JSON.parse(text) as unknown;
}
