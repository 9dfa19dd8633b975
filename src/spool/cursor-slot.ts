import { crc32 } from 'node:zlib';
import type { Progress, SeqRange } from './progress.js';
import { readUint53, writeUint53 } from './record.js';

/**
 * A cursor file holds two slots, at 0 and at 512, of which the valid one with the higher generation counts.
 * They are written in turn, so that a torn write leaves the other; a new file has both. Little-endian:
 *
 *    0  4  magic "RXCU"                      16  8  position: every seq below it is done
 *    4  2  version of the writer (2)         24  8  last seen, ms since the epoch
 *    6  2  lowest version that may read it   32  8  end of the log: every seq below it was durable
 *          (1)                               40  4  CRC-32 of bytes 0 to 39
 *    8  8  generation
 *
 * and since version 2, what is done beyond the position (version 1 does not look there, and delivers it again):
 *
 *   44  2  length n of the ranges            46+n  4  CRC-32 of bytes 0 to 45+n
 *   46  n  ranges, in order
 *
 * A range is two numbers of at least 1: how many seqs behind the one before, or behind the position, are not done, and
 * then how many are. Each takes as many bytes as it needs: seven bits a byte, the lowest first, the eighth set while
 * more follow. Where not all ranges find room in the slot, the longest are kept.
 */
export const SLOT_STEP_BYTES = 512;
export const CURSOR_FILE_BYTES = 2 * SLOT_STEP_BYTES;
const CRC_OFFSET = 40;
const SLOT_V1_BYTES = 44;
const RANGES_OFFSET = 46;
const CRC_BYTES = 4;
const MOST_RANGE_BYTES = SLOT_STEP_BYTES - RANGES_OFFSET - CRC_BYTES;
/** Two numbers of 53 bits. */
const LARGEST_RANGE_BYTES = 16;
const VERSION = 2;
const READABLE_BY = 1;
const MAGIC = Buffer.from('RXCU', 'latin1');

export interface CursorState extends Progress {
  readonly generation: number;
  /** When its destination was last attached, ms since the epoch. */
  readonly lastSeen: number;
  /** One more than the log's last durable seq when this was written: records below it that are not there were lost. */
  readonly logEnd: number;
}

export function encodeSlot(state: CursorState): Buffer {
  const ranges = encodeRanges(state);
  const end = RANGES_OFFSET + ranges.length;
  const bytes = Buffer.alloc(end + CRC_BYTES);
  MAGIC.copy(bytes, 0);
  bytes.writeUInt16LE(VERSION, 4);
  bytes.writeUInt16LE(READABLE_BY, 6);
  writeUint53(bytes, state.generation, 8);
  writeUint53(bytes, state.position, 16);
  writeUint53(bytes, state.lastSeen, 24);
  writeUint53(bytes, state.logEnd, 32);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, CRC_OFFSET)), CRC_OFFSET);
  bytes.writeUInt16LE(ranges.length, SLOT_V1_BYTES);
  bytes.set(ranges, RANGES_OFFSET);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, end)), end);
  return bytes;
}

export type DecodedSlot = { readonly kind: 'state'; readonly state: CursorState } | { readonly kind: 'damaged' | 'newer' };

/** `newer` when a later version wrote it that this one must not read. */
export function decodeSlot(bytes: Buffer): DecodedSlot {
  if (bytes.length < SLOT_V1_BYTES || !bytes.subarray(0, 4).equals(MAGIC)) return { kind: 'damaged' };
  if (bytes.readUInt32LE(CRC_OFFSET) !== crc32(bytes.subarray(0, CRC_OFFSET))) return { kind: 'damaged' };
  if (bytes.readUInt16LE(6) > VERSION) return { kind: 'newer' };
  const generation = readUint53(bytes, 8);
  const position = readUint53(bytes, 16);
  const lastSeen = readUint53(bytes, 24);
  const logEnd = readUint53(bytes, 32);
  if (generation === undefined || position === undefined || lastSeen === undefined || logEnd === undefined) return { kind: 'damaged' };
  const done = bytes.readUInt16LE(4) === 1 ? [] : decodeRanges(bytes, position, logEnd);
  return done === undefined ? { kind: 'damaged' } : { kind: 'state', state: { generation, position, done, lastSeen, logEnd } };
}

/** A new file: the other slot says the same. */
export function encodeCursorFile(state: CursorState): Buffer {
  const bytes = Buffer.alloc(CURSOR_FILE_BYTES);
  for (const slot of [state, { ...state, generation: state.generation - 1 }]) encodeSlot(slot).copy(bytes, slotOffset(slot));
  return bytes;
}

export function slotOffset(state: CursorState): number {
  return (state.generation % 2) * SLOT_STEP_BYTES;
}

/** As many as fit, those that save the most repeats. */
function encodeRanges({ position, done }: Progress): Uint8Array {
  const longest = [...done].sort((a, b) => b.to - b.from - (a.to - a.from));
  for (let count = Math.min(done.length, MOST_RANGE_BYTES / 2); ;) {
    const kept = new Set(longest.slice(0, count));
    const bytes: number[] = [];
    let last = position;
    for (const range of done) {
      if (!kept.has(range)) continue;
      pushNumber(bytes, range.from - last);
      pushNumber(bytes, range.to - range.from);
      last = range.to;
    }
    if (bytes.length <= MOST_RANGE_BYTES) return Uint8Array.from(bytes);
    count -= Math.ceil((bytes.length - MOST_RANGE_BYTES) / LARGEST_RANGE_BYTES);
  }
}

/** Undefined when they are not as they were written. */
function decodeRanges(bytes: Buffer, position: number, logEnd: number): SeqRange[] | undefined {
  if (bytes.length < RANGES_OFFSET) return undefined;
  const end = RANGES_OFFSET + bytes.readUInt16LE(SLOT_V1_BYTES);
  if (bytes.length < end + CRC_BYTES || bytes.readUInt32LE(end) !== crc32(bytes.subarray(0, end))) return undefined;
  const numbers = readNumbers(bytes.subarray(RANGES_OFFSET, end));
  const done: SeqRange[] = [];
  let last = position;
  for (let i = 0; i < numbers.length; i += 2) {
    const [gap = 0, length = 0] = numbers.slice(i, i + 2);
    const from = last + gap;
    last = from + length;
    if (gap < 1 || length < 1 || last > logEnd) return undefined;
    done.push({ from, to: last });
  }
  return done;
}

function pushNumber(bytes: number[], value: number): void {
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push(128 + rest % 128);
  bytes.push(rest);
}

/** A last one that is cut is read as 0. */
function readNumbers(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  let value = 0;
  let factor = 1;
  for (const byte of bytes) {
    value += byte % 128 * factor;
    factor *= 128;
    if (byte >= 128) continue;
    numbers.push(value);
    value = 0;
    factor = 1;
  }
  return factor === 1 ? numbers : [...numbers, 0];
}
