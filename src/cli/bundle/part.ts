import { errnoOf, RaxedError } from '../../errors.js';

/** A file of the bundle and how it is come by. */
export interface Part {
  readonly name: string;
  /** What it is, for README.txt. */
  readonly about: string;
  /** May throw; `signal` aborts when it takes too long. */
  gather(signal: AbortSignal): Promise<Content>;
}

export type Content =
  /** `cut`: what was left out because it is too much. */
  | { readonly text: string; readonly cut?: string }
  | { readonly missing: string };

export interface Gathered {
  readonly name: string;
  readonly about: string;
  readonly content: Content;
  readonly tookMs: number;
}

/** The most that one file of the bundle may have. */
const MAX_BYTES = 2 * 1024 * 1024;

/** All parts at once, each for at most `limitMs`. Never rejects: why a part could not be had is its content. */
export async function gatherAll(parts: readonly Part[], limitMs: number, monotonic: () => number): Promise<Gathered[]> {
  return Promise.all(parts.map(async ({ name, about, gather }) => {
    const startedAt = monotonic();
    const ended = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<Content>((resolve) => {
      timer = setTimeout(() => {
        resolve({ missing: `it was not there after ${limitMs / 1000} s` });
        ended.abort();
      }, limitMs);
    });
    const content = await Promise.race([Promise.resolve().then(() => gather(ended.signal)).catch((error: unknown): Content => ({ missing: reasonOf(error) })), tooLong]);
    clearTimeout(timer);
    return { name, about, content, tookMs: monotonic() - startedAt };
  }));
}

/** A value as JSON for people. Of lists that are too long for a file only the first entries are kept. */
export function jsonContent(value: unknown, maxBytes = MAX_BYTES): Content {
  let text = json(value);
  let most = Infinity;
  // An entry may hold lists of its own, so that the length is found by trying.
  for (let next = Math.floor(longestList(value) / 2); Buffer.byteLength(text) > maxBytes && next > 0; next = Math.floor(next / 2)) {
    most = next;
    text = json(cutLists(value, most));
  }
  if (Buffer.byteLength(text) > maxBytes) return { missing: 'it is too large' };
  return most === Infinity ? { text } : { text, cut: `lists have their first ${most} entries` };
}

/** The newest lines of a text, as many as a file may have. */
export function newestLines(text: string, maxBytes = MAX_BYTES): Content {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= maxBytes) return { text };
  const begin = bytes.indexOf('\n', bytes.length - maxBytes - 1) + 1;
  return begin === 0 ? { missing: 'its last line is too long' } : { text: bytes.toString('utf8', begin), cut: `the newest ${bytes.length - begin} of ${bytes.length} bytes` };
}

/** The first lines of a text, as many as a file may have. */
export function firstLines(text: string, maxBytes = MAX_BYTES): Content {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= maxBytes) return { text };
  const end = bytes.lastIndexOf('\n', maxBytes - 1) + 1;
  return { text: bytes.toString('utf8', 0, end), cut: `the first ${end} of ${bytes.length} bytes` };
}

/** What is said of an error: nothing that others wrote. */
export function reasonOf(error: unknown): string {
  if (error instanceof RaxedError) return error.message;
  return errnoOf(error) ?? 'an unexpected error';
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function longestList(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? value.length : 0;
  return Object.values(value).reduce((most: number, inner) => Math.max(most, longestList(inner)), own);
}

function cutLists(value: unknown, most: number): unknown {
  if (Array.isArray(value)) return value.slice(0, most).map((inner) => cutLists(inner, most));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, cutLists(inner, most)]));
}
