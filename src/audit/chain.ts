import { createHmac, hash as digest, timingSafeEqual } from 'node:crypto';
import type { AuditBody } from './record.js';

/**
 * The chain that makes a changed, removed or moved line visible.
 *
 *   line  = {"audit_id":…,…,"seq":N,"prev_hash":"<hash of line N-1>","hash":"<64 hex>"}
 *   hash  = SHA-256 of the line's bytes without `,"hash":"<64 hex>"` (so: the same JSON object without `hash`)
 *   seq   = 1, 2, 3 … over all files; the first line's prev_hash is 64 zeros
 *
 * Every file begins with an anchor: a line of kind "anchor" with `count` (the lines before it) and
 * `signature` = hex HMAC-SHA256(key, "raxed audit anchor\n" + count + "\n" + prev_hash). When older files are removed,
 * the first anchor that is left vouches for what was before it.
 *
 * What the chain cannot tell: whoever holds the key can write another one, and putting back an older copy of the log
 * together with its head looks like the past that it is. Only a witness elsewhere shows that: the running daemon
 * (which knows its own head), or the count and hash that it logs when it opens and closes the log.
 */

export const GENESIS_HASH = '0'.repeat(64);

/** Where the chain has got to: the number of lines so far, and the hash of the last one. */
export interface ChainHead {
  readonly count: number;
  readonly hash: string;
}

export const EMPTY_CHAIN: ChainHead = { count: 0, hash: GENESIS_HASH };

export interface SealedLine extends ChainHead {
  /** JSON without the line end. */
  readonly text: string;
}

/** `,"hash":"` + 64 hex + `"}` */
const SUFFIX_LENGTH = 75;
const SUFFIX = /^,"hash":"([0-9a-f]{64})"\}$/;
const HASH = /^[0-9a-f]{64}$/;
const BRACE = 0x7d;
const COMMA = 0x2c;

/** The next line of the chain. */
export function sealLine(body: AuditBody, head: ChainHead): SealedLine {
  const count = head.count + 1;
  const canonical = JSON.stringify({ ...body, seq: count, prev_hash: head.hash });
  const hash = digest('sha256', canonical, 'hex');
  return { count, hash, text: `${canonical.slice(0, -1)},"hash":"${hash}"}` };
}

export interface OpenedLine extends ChainHead {
  readonly prevHash: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Reads a line (without its line end) and checks it against its own hash; undefined when it is not intact. */
export function openLine(line: Buffer): OpenedLine | undefined {
  const hash = statedHash(line);
  if (hash === undefined || hashWithoutSuffix(line) !== hash) return undefined;
  const body = parseObject(line.toString('utf8'));
  const count = body?.['seq'];
  const prevHash = body?.['prev_hash'];
  if (body === undefined || typeof count !== 'number' || !Number.isSafeInteger(count) || count < 1) return undefined;
  if (typeof prevHash !== 'string' || !HASH.test(prevHash)) return undefined;
  return { count, hash, prevHash, body };
}

/** The hash that a line gives as its own, unchecked. */
export function statedHash(line: Buffer): string | undefined {
  return SUFFIX.exec(line.toString('latin1', Math.max(0, line.length - SUFFIX_LENGTH)))?.[1];
}

/** One call on one piece of memory takes half as long as three; so the brace takes the comma's place meanwhile. */
function hashWithoutSuffix(line: Buffer): string {
  const at = line.length - SUFFIX_LENGTH;
  line[at] = BRACE;
  const hash = digest('sha256', line.subarray(0, at + 1), 'hex');
  line[at] = COMMA;
  return hash;
}

/** The signature of an anchor that follows `head`. */
export function signAnchor(key: Uint8Array, head: ChainHead): string {
  return sign(key, 'anchor', head);
}

/**
 * The file that says how far the chain had got (`mssp_audit.head`): one line of JSON, padded with spaces to a fixed
 * length so that it can be overwritten in place. Without it, lines cut off the end would not be missed.
 */
export const HEAD_LENGTH = 256;

export function formatHead(key: Uint8Array, head: ChainHead): Buffer {
  const json = JSON.stringify({ count: head.count, hash: head.hash, signature: sign(key, 'head', head) });
  return Buffer.from(`${json.padEnd(HEAD_LENGTH - 1)}\n`, 'latin1');
}

/** The head that the bytes state, or undefined when they are damaged or (with a key) not signed by it. */
export function parseHead(bytes: Uint8Array, key: Uint8Array | undefined): ChainHead | undefined {
  const parsed = parseObject(Buffer.from(bytes).toString('latin1'));
  const count = parsed?.['count'];
  const hash = parsed?.['hash'];
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || typeof hash !== 'string' || !HASH.test(hash)) return undefined;
  const head = { count, hash };
  return key === undefined || sameText(parsed?.['signature'], sign(key, 'head', head)) ? head : undefined;
}

/** Says whether an anchor's `count` and `signature` are those of what is before it. Without a key only the count counts. */
export function anchorHolds(anchor: OpenedLine, key: Uint8Array | undefined): boolean {
  const before: ChainHead = { count: anchor.count - 1, hash: anchor.prevHash };
  if (anchor.body['count'] !== before.count) return false;
  return key === undefined || sameText(anchor.body['signature'], signAnchor(key, before));
}

function sign(key: Uint8Array, what: 'anchor' | 'head', head: ChainHead): string {
  return createHmac('sha256', key).update(`raxed audit ${what}\n${head.count}\n${head.hash}`).digest('hex');
}

function sameText(given: unknown, expected: string): boolean {
  return typeof given === 'string' && given.length === expected.length
    && timingSafeEqual(Buffer.from(given, 'latin1'), Buffer.from(expected, 'latin1'));
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
