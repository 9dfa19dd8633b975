import { RaxedError } from '../errors.js';

/**
 * Names of the spool's files. In `<folder>/<mssp>/<customer>/`:
 *
 *   <base, 20 digits>.seg         a segment
 *   <destination>.cursor          how far a destination has got
 *   destinations.known            which destinations have a cursor
 *   <stem>.<ms>.bad               what a damaged file held, set aside at that time; the stem is a segment's base,
 *   <stem>.<ms>.newer             or the name of another file. "newer": a later version wrote it
 *   <anything>.tmp                unfinished; removed at the next opening
 *   rewrite.pending               a rewrite began and did not end
 *   dead/<destination>/<base>.seg dead letters
 */
export const REWRITE_PENDING = 'rewrite.pending';
export const KNOWN_FILE = 'destinations.known';
export const TEMPORARY_SUFFIX = '.tmp';
/** In `<folder>` and where a write failed, for a moment. */
export const PROBE_FILE = '.probe.tmp';
/** `<customer>.<ms>.removed`: a customer that is being deleted. */
export const REMOVED_SUFFIX = '.removed';
export const DEAD_FOLDER = 'dead';
export const CURSOR_SUFFIX = '.cursor';

const ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const SEGMENT_SUFFIX = '.seg';
const SEGMENT = /^(\d{20})\.seg$/;
const ASIDE = /^(.+)\.(\d{1,16})\.(?:bad|newer)$/;
const MAX_DESTINATION_BYTES = 64;

/** The id itself when it may be a folder's name. Throws BAD_REQUEST. */
export function idAsFolder(id: string): string {
  if (!ID.test(id)) throw new RaxedError('BAD_REQUEST', 'an id must match [A-Za-z0-9][A-Za-z0-9_-]{0,63}');
  return id;
}

export function isId(name: string): boolean {
  return ID.test(name);
}

/** A destination's name with every byte but letters, digits, `_` and `-` as %XX, so that any name is a safe file name. */
export function destinationAsFile(destination: string): string {
  if (!isDestination(destination)) throw new RaxedError('BAD_REQUEST', `a destination's name has 1 to ${MAX_DESTINATION_BYTES} bytes`);
  let name = '';
  for (const byte of Buffer.from(destination, 'utf8')) {
    const char = String.fromCharCode(byte);
    name += /[A-Za-z0-9_-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return name;
}

export function isDestination(name: unknown): name is string {
  return typeof name === 'string' && name !== '' && Buffer.byteLength(name, 'utf8') <= MAX_DESTINATION_BYTES;
}

/** The destination that a file or folder is named for; undefined when the spool did not make that name. */
export function fileAsDestination(name: string): string | undefined {
  try {
    const destination = decodeURIComponent(name);
    return destinationAsFile(destination) === name ? destination : undefined;
  } catch {
    return undefined;
  }
}

export function segmentName(base: number): string {
  return `${String(base).padStart(20, '0')}${SEGMENT_SUFFIX}`;
}

export function segmentBase(name: string): number | undefined {
  const digits = SEGMENT.exec(name)?.[1];
  const base = digits === undefined ? Number.NaN : Number(digits);
  return Number.isSafeInteger(base) ? base : undefined;
}

/** A name for what a file held that is set aside: not one of those that are `taken`. */
export function asideName(file: string, how: { readonly timeMs: number; readonly kind: 'bad' | 'newer'; readonly taken: ReadonlySet<string> | ReadonlyMap<string, unknown> }): string {
  const stem = segmentBase(file) === undefined ? file : file.slice(0, -SEGMENT_SUFFIX.length);
  for (let ms = how.timeMs; ; ms++) {
    const name = `${stem}.${ms}.${how.kind}`;
    if (!how.taken.has(name)) return name;
  }
}

/** When the file was set aside, and the segment that it was; undefined for any other file. */
export function parseAside(name: string): { readonly timeMs: number; readonly base: number | undefined } | undefined {
  const [, stem = '', ms] = ASIDE.exec(name) ?? [];
  return ms === undefined ? undefined : { timeMs: Number(ms), base: segmentBase(`${stem}${SEGMENT_SUFFIX}`) };
}
