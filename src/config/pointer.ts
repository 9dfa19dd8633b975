/** Where in a JSON document something is: a chain to the root, turned into text only when it is told to somebody. */
export interface Path {
  readonly parent: Path | undefined;
  readonly key: string | number;
}

const MAX_SHOWN_KEY = 64;

/** The JSON pointer (RFC 6901) of a path; the root's is empty. Control characters are escaped, long names cut: pointers are printed. */
export function pointerOf(path: Path | undefined): string {
  return path === undefined ? '' : step(pointerOf(path.parent), path.key);
}

export function step(pointer: string, key: string | number): string {
  const text = String(key).replaceAll('~', '~0').replaceAll('/', '~1');
  return `${pointer}/${printable(text.length > MAX_SHOWN_KEY ? `${text.slice(0, MAX_SHOWN_KEY)}…` : text)}`;
}

/** The text with everything that could act on a terminal, or not be encoded, as \uXXXX. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
