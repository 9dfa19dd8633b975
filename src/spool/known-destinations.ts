import { crc32 } from 'node:zlib';
import type { SpoolFiles } from '../ports.js';
import { isDestination } from './names.js';
import { replaceFile } from './replacement.js';

/**
 * A stream's list of destinations that have a cursor: one that is in it and whose cursor file is lost begins at the oldest
 * record, one that is not is new and begins at the end. Little-endian:
 *
 *    0  4  magic "RXKD"              8  n  the names: a JSON array of strings, UTF-8
 *    4  2  version of the writer (1) 8+n 4  CRC-32 of all that is before
 *    6  2  lowest version that may
 *          read it (1)
 */
const HEADER_BYTES = 8;
const CRC_BYTES = 4;
const VERSION = 1;
const MAGIC = Buffer.from('RXKD', 'latin1');
/** Many times what a stream can have. */
const MAX_BYTES = 1024 * 1024;

export type KnownDestinations =
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | { readonly kind: 'damaged' | 'newer' };

export function encodeKnown(names: readonly string[]): Buffer {
  const list = Buffer.from(JSON.stringify(names), 'utf8');
  const end = HEADER_BYTES + list.length;
  const bytes = Buffer.alloc(end + CRC_BYTES);
  MAGIC.copy(bytes, 0);
  bytes.writeUInt16LE(VERSION, 4);
  bytes.writeUInt16LE(VERSION, 6);
  list.copy(bytes, HEADER_BYTES);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, end)), end);
  return bytes;
}

export function decodeKnown(bytes: Buffer): KnownDestinations {
  const end = bytes.length - CRC_BYTES;
  if (end < HEADER_BYTES || !bytes.subarray(0, 4).equals(MAGIC) || bytes.readUInt32LE(end) !== crc32(bytes.subarray(0, end))) return { kind: 'damaged' };
  if (bytes.readUInt16LE(6) > VERSION) return { kind: 'newer' };
  const names = namesIn(bytes.toString('utf8', HEADER_BYTES, end));
  return names === undefined ? { kind: 'damaged' } : { kind: 'names', names };
}

function namesIn(json: string): string[] | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) && value.every(isDestination) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A file that cannot be read is a damaged one. */
export async function readKnown(files: Pick<SpoolFiles, 'open'>, path: string): Promise<KnownDestinations> {
  try {
    const file = await files.open(path, 'read');
    try {
      const bytes = Buffer.alloc(Math.min(await file.size(), MAX_BYTES));
      return decodeKnown(bytes.subarray(0, await file.read(bytes, 0)));
    } finally {
      await file.close();
    }
  } catch {
    return { kind: 'damaged' };
  }
}

/** How many bytes it has now. */
export async function writeKnown(files: SpoolFiles, path: string, names: readonly string[]): Promise<number> {
  const bytes = encodeKnown(names);
  await replaceFile(files, path, bytes);
  return bytes.length;
}
