import { crc32 } from 'node:zlib';

/**
 * How a segment file looks. All numbers are little-endian; "time" is milliseconds since the epoch.
 *
 *   segment = header record*
 *
 *   header, 32 bytes                          record, 28 bytes and the payload
 *    0  4  magic "RXSG"                        0  4  marker FF 52 58 00
 *    4  2  version of the writer (1)           4  4  CRC-32 of the bytes from 8 to the record's end
 *    6  2  lowest version that may read it     8  4  payload length
 *    8  8  base: the file's name, every       12  8  sequence number
 *          seq in it is at least that         20  8  time of the append
 *   16  8  time of its first record           28  …  payload
 *   24  4  flags: 1 = records are missing
 *          on purpose, or known to be lost
 *   28  4  CRC-32 of bytes 0 to 27
 *
 * Sequence numbers grow from record to record. The marker holds bytes that no UTF-8 text can hold, so that
 * after damage the next record is found again, and a payload of text cannot pass for a record.
 */
export const SEGMENT_HEADER_BYTES = 32;
export const RECORD_HEADER_BYTES = 28;
export const FORMAT_VERSION = 1;
/** Lengths are checked against it before anything is allocated. */
export const MAX_PAYLOAD_BYTES = 16 * 1024 * 1024;
export const FLAG_GAPS = 1;

const MAGIC = Buffer.from('RXSG', 'latin1');
const MARKER = Buffer.from([0xff, 0x52, 0x58, 0x00]);
const MARKER_LE = MARKER.readUInt32LE(0);
const TWO_32 = 0x1_0000_0000;

export interface SegmentHeader {
  readonly base: number;
  readonly created: number;
  readonly flags: number;
}

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  MAGIC.copy(bytes, 0);
  bytes.writeUInt16LE(FORMAT_VERSION, 4);
  bytes.writeUInt16LE(FORMAT_VERSION, 6);
  writeUint53(bytes, header.base, 8);
  writeUint53(bytes, header.created, 16);
  bytes.writeUInt32LE(header.flags, 24);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28);
  return bytes;
}

export type DecodedHeader =
  | ({ readonly kind: 'header' } & SegmentHeader)
  | { readonly kind: 'newer'; readonly version: number }
  | { readonly kind: 'damaged' };

/** The header at the start of `bytes`; `newer` when a later version wrote it that this one must not read. */
export function decodeSegmentHeader(bytes: Buffer): DecodedHeader {
  if (bytes.length < SEGMENT_HEADER_BYTES || !bytes.subarray(0, 4).equals(MAGIC)) return { kind: 'damaged' };
  if (bytes.readUInt32LE(28) !== crc32(bytes.subarray(0, 28))) return { kind: 'damaged' };
  if (bytes.readUInt16LE(6) > FORMAT_VERSION) return { kind: 'newer', version: bytes.readUInt16LE(4) };
  const base = readUint53(bytes, 8);
  const created = readUint53(bytes, 16);
  if (base === undefined || created === undefined) return { kind: 'damaged' };
  return { kind: 'header', base, created, flags: bytes.readUInt32LE(24) };
}

export function encodedLength(payload: Uint8Array): number {
  return RECORD_HEADER_BYTES + payload.length;
}

export interface RawRecord {
  readonly seq: number;
  readonly time: number;
  readonly payload: Uint8Array;
}

/** Writes a record into `target` at `offset`; the offset behind it. */
export function encodeRecord(target: Buffer, offset: number, record: RawRecord): number {
  const end = offset + RECORD_HEADER_BYTES + record.payload.length;
  target.writeUInt32LE(MARKER_LE, offset);
  target.writeUInt32LE(record.payload.length, offset + 8);
  writeUint53(target, record.seq, offset + 12);
  writeUint53(target, record.time, offset + 20);
  target.set(record.payload, offset + RECORD_HEADER_BYTES);
  target.writeUInt32LE(crc32(target.subarray(offset + 8, end)), offset + 4);
  return end;
}

export type DecodedRecord =
  | { readonly kind: 'record'; readonly seq: number; readonly time: number; readonly payload: Buffer; readonly end: number }
  /** `bytes` stops before the record does: this many are needed from `offset` on. */
  | { readonly kind: 'short'; readonly needed: number }
  | { readonly kind: 'bad' };

const BAD = { kind: 'bad' } as const;

/** The record at `offset`; its payload is a view of `bytes`. */
export function decodeRecord(bytes: Buffer, offset: number): DecodedRecord {
  const available = bytes.length - offset;
  if (available < RECORD_HEADER_BYTES) {
    return available >= 4 && bytes.readUInt32LE(offset) !== MARKER_LE ? BAD : { kind: 'short', needed: RECORD_HEADER_BYTES };
  }
  if (bytes.readUInt32LE(offset) !== MARKER_LE) return BAD;
  const length = bytes.readUInt32LE(offset + 8);
  if (length > MAX_PAYLOAD_BYTES) return BAD;
  const end = offset + RECORD_HEADER_BYTES + length;
  if (end > bytes.length) return { kind: 'short', needed: RECORD_HEADER_BYTES + length };
  if (bytes.readUInt32LE(offset + 4) !== crc32(bytes.subarray(offset + 8, end))) return BAD;
  const seq = readUint53(bytes, offset + 12);
  const time = readUint53(bytes, offset + 20);
  if (seq === undefined || time === undefined) return BAD;
  return { kind: 'record', seq, time, payload: bytes.subarray(offset + RECORD_HEADER_BYTES, end), end };
}

/** Where the next record may begin, at or after `from`; -1 when nowhere in `bytes`. */
export function findMarker(bytes: Buffer, from: number): number {
  return bytes.indexOf(MARKER, from);
}

/** An unsigned 64-bit number of which JavaScript can hold 53 bits. */
export function writeUint53(bytes: Buffer, value: number, offset: number): void {
  bytes.writeUInt32LE(value % TWO_32, offset);
  bytes.writeUInt32LE(Math.floor(value / TWO_32), offset + 4);
}

export function readUint53(bytes: Buffer, offset: number): number | undefined {
  const value = bytes.readUInt32LE(offset + 4) * TWO_32 + bytes.readUInt32LE(offset);
  return Number.isSafeInteger(value) ? value : undefined;
}
