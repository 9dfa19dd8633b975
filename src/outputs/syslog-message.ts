import type { Severity } from './cef.js';

/**
 * Syslog messages and their framing.
 *
 *   RFC 5424   <PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID - MSG        (no structured data, no BOM: one before
 *                                                                            `CEF:` breaks many parsers)
 *   RFC 3164   <PRI>Mmm dd hh:mm:ss HOSTNAME MSG                             (UTC)
 *   framing    RFC 6587 octet counting: LENGTH SP MESSAGE; or one LF after each message
 */
export type SyslogFormat = 'rfc5424' | 'rfc3164';
export type SyslogFraming = 'octet-counting' | 'lf';

export interface SyslogHeader {
  /** 0 to 23. */
  readonly facility: number;
  /** 0 (emergency) to 7 (debug). */
  readonly severity: number;
  /** Of the event, not of the sending; milliseconds since the epoch. Undefined: unknown. */
  readonly timestampMs: number | undefined;
  readonly hostname: string;
  readonly appName: string;
  readonly procId?: string | undefined;
  readonly msgId?: string | undefined;
}

/** What every RFC 5426 receiver should take in one datagram. */
export const MAX_DATAGRAM_BYTES = 2048;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const SYSLOG_SEVERITY = { none: 6, low: 5, medium: 4, high: 3, critical: 2 } as const satisfies Record<Severity, number>;
const LF = Buffer.from('\n');

export function syslogSeverity(severity: Severity): number {
  return SYSLOG_SEVERITY[severity];
}

/** One message. Line ends and NUL in `text` become spaces: a message is one line in every framing. */
export function formatSyslog(format: SyslogFormat, header: SyslogHeader, text: string): string {
  const priority = `<${header.facility * 8 + header.severity}>`;
  const line = text.replace(/[\r\n\0]/g, ' ');
  const time = header.timestampMs === undefined ? undefined : new Date(header.timestampMs);
  if (format === 'rfc5424') {
    const names = [
      headerField(header.hostname, 255), headerField(header.appName, 48),
      headerField(header.procId, 128), headerField(header.msgId, 32),
    ];
    return `${priority}1 ${time?.toISOString() ?? '-'} ${names.join(' ')} - ${line}`;
  }
  return `${priority}${time === undefined ? 'Jan  1 00:00:00' : bsdTime(time)} ${headerField(header.hostname, 255)} ${line}`;
}

/** The bytes of one message on a stream. The count is of octets, not of characters. */
export function frameSyslog(framing: SyslogFraming, message: string): Buffer {
  const bytes = Buffer.from(message, 'utf8');
  return framing === 'lf' ? Buffer.concat([bytes, LF]) : Buffer.concat([Buffer.from(`${bytes.length} `, 'latin1'), bytes]);
}

/**
 * The bytes of one datagram: at most `maxBytes`, cut at the end of the last extension of the CEF line that fits whole,
 * and with none that fits at a character.
 */
export function datagramOf(message: string, maxBytes: number = MAX_DATAGRAM_BYTES): Buffer {
  const bytes = Buffer.from(message, 'utf8');
  if (bytes.length <= maxBytes) return bytes;
  // Never ends within a character: continuation bytes are 10xxxxxx.
  let end = maxBytes;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  const start = extensionStart(message);
  if (start !== undefined) {
    // A key may begin right behind the cut: then everything before it is whole.
    const fitting = bytes.toString('utf8', 0, end).length;
    const boundaries = [...message.matchAll(/ (?=[A-Za-z0-9_]+=)/g)].map((match) => match.index);
    const last = boundaries.filter((index) => index > start && index <= fitting).at(-1);
    if (last !== undefined) return Buffer.from(message.slice(0, last), 'utf8');
  }
  return bytes.subarray(0, end);
}

/** The index of the first extension key: behind the seventh pipe that is not escaped. */
function extensionStart(message: string): number | undefined {
  const cef = message.indexOf('CEF:');
  if (cef < 0) return undefined;
  let pipes = 0;
  for (let i = cef; i < message.length; i++) {
    if (message[i] === '\\') i++;
    else if (message[i] === '|' && ++pipes === 7) return i + 1;
  }
  return undefined;
}

/** PRINTUSASCII (33 to 126) of at most `maxLength`; `-` when nothing is left. */
function headerField(value: string | undefined, maxLength: number): string {
  const clean = (value ?? '').replace(/[^\x21-\x7e]/gu, '').slice(0, maxLength);
  return clean === '' ? '-' : clean;
}

function bsdTime(time: Date): string {
  const month = MONTHS[time.getUTCMonth()] ?? 'Jan';
  return `${month} ${String(time.getUTCDate()).padStart(2, ' ')} ${time.toISOString().slice(11, 19)}`;
}
