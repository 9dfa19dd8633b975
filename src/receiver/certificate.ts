import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';

/**
 * A self-signed certificate for a test server: X.509 v3 (RFC 5280), EC P-256, SHA-256, written in DER (X.690) by hand
 * because Node can read certificates but not make them.
 */

export interface CertificateOptions {
  /** DNS names and IP addresses; the first is the subject too. */
  readonly hosts: readonly string[];
  /** Milliseconds since the epoch. It is valid from an hour before. */
  readonly now: number;
  readonly validDays: number;
  /** 1 to 20 bytes that nobody else uses. */
  readonly serial: Uint8Array;
}

export interface ServerCertificate {
  /** PEM, PKCS #8. */
  readonly key: string;
  /** PEM; it is its own CA. */
  readonly certificate: string;
}

const HOUR_MS = 3_600_000;

const OID = {
  commonName: [0x55, 0x04, 0x03],
  ecdsaWithSha256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
  subjectAltName: [0x55, 0x1d, 0x11],
  basicConstraints: [0x55, 0x1d, 0x13],
  extendedKeyUsage: [0x55, 0x1d, 0x25],
  serverAuth: [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01],
} as const;

export function createCertificate(options: CertificateOptions): ServerCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const body = tbsCertificate(options, publicKey, algorithm);
  const signature = sign('sha256', body, privateKey);
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: pem(sequence(body, algorithm, bitString(signature))),
  };
}

/** TBSCertificate: what is signed (RFC 5280, 4.1). */
function tbsCertificate(options: CertificateOptions, publicKey: KeyObject, algorithm: Buffer): Buffer {
  const name = sequence(set(sequence(oid(OID.commonName), utf8String(options.hosts[0] ?? 'localhost'))));
  const from = options.now - HOUR_MS;
  const until = options.now + options.validDays * 24 * HOUR_MS;
  return sequence(
    explicit(0, integer(Uint8Array.of(2))), // version 3
    integer(options.serial),
    algorithm,
    name, // issuer
    sequence(time(from), time(until)),
    name, // subject
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(
      extension(OID.basicConstraints, true, sequence(boolean(true))),
      extension(OID.subjectAltName, false, sequence(...options.hosts.map(generalName))),
      extension(OID.extendedKeyUsage, false, sequence(oid(OID.serverAuth))),
    )),
  );
}

function extension(id: readonly number[], critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), element(0x04, value));
}

/** GeneralName: iPAddress [7] or dNSName [2]. */
function generalName(host: string): Buffer {
  const address = addressBytes(host);
  return address === undefined ? element(0x82, Buffer.from(host, 'latin1')) : element(0x87, address);
}

function addressBytes(host: string): Buffer | undefined {
  switch (isIP(host)) {
    case 4: return Buffer.from(host.split('.').map(Number));
    case 6: return ipv6Bytes(host);
    default: return undefined;
  }
}

function ipv6Bytes(host: string): Buffer {
  // The URL parser writes an address in groups of hex digits, with at most one "::" and no dotted tail.
  const [left = '', right] = new URL(`http://[${host}]/`).hostname.slice(1, -1).split('::');
  const groups = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const head = groups(left);
  const tail = right === undefined ? [] : groups(right);
  const bytes = Buffer.alloc(16);
  head.forEach((group, i) => bytes.writeUInt16BE(group, i * 2));
  tail.forEach((group, i) => bytes.writeUInt16BE(group, (8 - tail.length + i) * 2));
  return bytes;
}

/** Tag, length (short or long form), content. */
function element(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const value = Buffer.concat(content);
  if (value.length < 0x80) return Buffer.concat([Uint8Array.of(tag, value.length), value]);
  const length = unsigned(value.length);
  return Buffer.concat([Uint8Array.of(tag, 0x80 | length.length), length, value]);
}

function unsigned(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes.subarray(bytes.findIndex((byte) => byte !== 0));
}

function sequence(...content: readonly Uint8Array[]): Buffer { return element(0x30, ...content); }
function set(...content: readonly Uint8Array[]): Buffer { return element(0x31, ...content); }
function explicit(tag: number, content: Uint8Array): Buffer { return element(0xa0 | tag, content); }
function oid(encoded: readonly number[]): Buffer { return element(0x06, Uint8Array.from(encoded)); }
function boolean(value: boolean): Buffer { return element(0x01, Uint8Array.of(value ? 0xff : 0)); }
function utf8String(text: string): Buffer { return element(0x0c, Buffer.from(text, 'utf8')); }
function bitString(bytes: Uint8Array): Buffer { return element(0x03, Uint8Array.of(0), bytes); }

/** A positive INTEGER: no needless leading zero bytes, and one where the top bit is set. */
function integer(bytes: Uint8Array): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = start === -1 ? Uint8Array.of(0) : bytes.subarray(start);
  return (digits[0] ?? 0) >= 0x80 ? element(0x02, Uint8Array.of(0), digits) : element(0x02, digits);
}

/** UTCTime until 2049, GeneralizedTime after (RFC 5280, 4.1.2.5). */
function time(ms: number): Buffer {
  const iso = new Date(ms).toISOString();
  const digits = `${iso.slice(0, 19).replace(/[-:T]/g, '')}Z`;
  return iso < '2050' ? element(0x17, Buffer.from(digits.slice(2), 'latin1')) : element(0x18, Buffer.from(digits, 'latin1'));
}

function pem(der: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}/g, '$&\n').trimEnd()}\n-----END CERTIFICATE-----\n`;
}
