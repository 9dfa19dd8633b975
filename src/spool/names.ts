import { RaxedError } from '../errors.js';

/**
 * Names of the spool's files. In `<folder>/<mssp>/<customer>/`:
 *
 *   <base, 20 digits>.seg         a segment
 *   <base>.<ms>.bad               what was in a damaged segment, set aside at that time
 *   <base>.<ms>.newer             a segment of a later version, set aside
 *   <anything>.tmp                unfinished; removed at the next opening
 *   <destination>.cursor          how far a destination has got
 *   rewrite.pending               a rewrite began and did not end
 *   dead/<destination>/<base>.seg dead letters
 */
export const REWRITE_PENDING = 'rewrite.pending';
/** In `<folder>`; not an id, so that no MSSP is called so. */
export const PROBE_FILE = '.probe';
/** `<customer>.<ms>.removed`: a customer that is being deleted. */
export const REMOVED_SUFFIX = '.removed';
export const DEAD_FOLDER = 'dead';
export const CURSOR_SUFFIX = '.cursor';

const ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const SEGMENT = /^(\d{20})\.seg$/;
const ASIDE = /^\d{20}\.(\d{1,16})\.(?:bad|newer)$/;
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
  const bytes = Buffer.from(destination, 'utf8');
  if (bytes.length === 0 || bytes.length > MAX_DESTINATION_BYTES) throw new RaxedError('BAD_REQUEST', `a destination's name has 1 to ${MAX_DESTINATION_BYTES} bytes`);
  let name = '';
  for (const byte of bytes) {
    const char = String.fromCharCode(byte);
    name += /[A-Za-z0-9_-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return name;
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
  return `${String(base).padStart(20, '0')}.seg`;
}

export function segmentBase(name: string): number | undefined {
  const digits = SEGMENT.exec(name)?.[1];
  const base = digits === undefined ? Number.NaN : Number(digits);
  return Number.isSafeInteger(base) ? base : undefined;
}

export function asideName(base: number, timeMs: number, kind: 'bad' | 'newer'): string {
  return `${String(base).padStart(20, '0')}.${timeMs}.${kind}`;
}

/** When the file was set aside; undefined for any other file. */
export function asideTime(name: string): number | undefined {
  const ms = ASIDE.exec(name)?.[1];
  return ms === undefined ? undefined : Number(ms);
}
