import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { connect as connectTcp, type Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { errnoOf } from '../errors.js';
import type { FilteredEvent } from '../event/privacy.js';
import type { Clock } from '../ports.js';
import { eventSeverity, formatCef, type CefOptions } from './cef.js';
import { DeliveryError, type PeerCertificate, type SiemOutput } from './output.js';
import { watchCertificate } from './peer-certificate.js';
import { wireFailure } from './status.js';
import { datagramOf, formatSyslog, frameSyslog, syslogSeverity, type SyslogFormat, type SyslogFraming } from './syslog-message.js';
import { createTlsFiles, type TlsFiles, type TlsOptions } from './tls-files.js';

export interface SyslogOptions {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly transport: 'udp' | 'tcp';
  /** Over TCP: TLS with these files; `{}` for TLS with the built-in authorities. */
  readonly tls?: TlsOptions | undefined;
  readonly skipVerify: boolean;
  /** 0 to 23. */
  readonly facility: number;
  /** Of this machine, as the receiver shall see it. */
  readonly hostname: string;
  readonly appName: string;
  readonly procId?: string | undefined;
  readonly format?: SyslogFormat;
  readonly framing?: SyslogFraming;
  /**
   * `fin`: a batch is delivered when the receiver has ended the connection in answer to our half-close, which it does
   * once it has read everything. `write`: when the operating system took it; what a receiver drops then is lost.
   */
  readonly confirm: 'fin' | 'write';
  readonly batchEvents: number;
  readonly batchBytes: number;
  /** Without progress; and for a whole batch together at most ten times as long. */
  readonly timeoutMs: number;
  readonly cef: CefOptions;
  readonly clock: Pick<Clock, 'now'>;
}

interface Secure {
  readonly files: TlsFiles;
  /** What the receiver showed. */
  seen(certificate: PeerCertificate): void;
}

/** One connection carries at most this many events before it is confirmed. */
const STREAM_BATCH_EVENTS = 2000;
const DATAGRAM_BATCH_EVENTS = 100;
/** So many datagrams at once fit any receiver's buffer; then it gets a moment to read them. */
const DATAGRAM_BURST = 16;
const DATAGRAM_PAUSE_MS = 2;

/** CEF lines over syslog: UDP (at most once), TCP or TLS. */
export function createSyslogOutput(options: SyslogOptions): SiemOutput {
  const files = options.tls === undefined ? undefined : createTlsFiles(options.tls, options.skipVerify);
  const udp = options.transport === 'udp';
  let certificate: PeerCertificate | undefined;
  const secure: Secure | undefined = files === undefined ? undefined : { files, seen: (shown) => { certificate = shown; } };
  const common = {
    name: options.name,
    type: 'cef',
    url: `syslog://${options.host.includes(':') ? `[${options.host}]` : options.host}:${options.port}`,
    maxInFlight: 1,
    certificate: () => certificate,
    close: () => Promise.resolve(),
  } as const;
  const message = (event: FilteredEvent): string => {
    const time = Date.parse(event.timestamp);
    return formatSyslog(options.format ?? 'rfc5424', {
      facility: options.facility,
      severity: syslogSeverity(eventSeverity(event)),
      timestampMs: Number.isNaN(time) ? undefined : time,
      hostname: options.hostname,
      appName: options.appName,
      procId: options.procId,
      msgId: event.event_id,
    }, formatCef(event, options.cef));
  };

  if (udp) {
    return {
      ...common, batchEvents: Math.min(options.batchEvents, DATAGRAM_BATCH_EVENTS), batchBytes: options.batchBytes, lossy: true,
      format: (event) => datagramOf(message(event)).toString('utf8'),
      async send(batch, signal) {
        await sendDatagrams(options, batch.map(({ event }) => datagramOf(message(event))), signal);
        return { says: 'it was sent; over UDP nobody says whether it arrived' };
      },
      async healthCheck(signal) {
        await sendDatagrams(options, [], signal);
        return { checked: 'the name resolves; over UDP nobody says more' };
      },
    };
  }
  return {
    ...common, batchEvents: Math.min(options.batchEvents, STREAM_BATCH_EVENTS), batchBytes: options.batchBytes, lossy: options.confirm === 'write',
    format: message,
    async send(batch, signal) {
      const frames = batch.map(({ event }) => frameSyslog(options.framing ?? 'octet-counting', message(event)));
      await sendStream(options, secure, frames, signal);
      // A receiver that is being stopped ends its connections too, whatever it had not read yet; but it takes no new one.
      if (options.confirm === 'fin') await sendStream(options, secure, [], signal);
      return { says: options.confirm === 'fin' ? 'the receiver read to the end' : 'it was written; the receiver gives no receipt' };
    },
    /** A connection without a message. */
    async healthCheck(signal) {
      await sendStream(options, secure, [], signal);
      return { checked: `a connection was made${secure === undefined ? '' : ' over TLS'} and ended${options.confirm === 'fin' ? ', and the receiver ended it too' : ''}; no message was sent` };
    },
  };
}

/** Rejects with a DeliveryError made of whatever went wrong on the wire. */
function wireError(cause: unknown): DeliveryError {
  if (cause instanceof DeliveryError) return cause;
  return wireFailure(errnoOf(cause), 'the connection failed');
}

/**
 * Connects, writes all frames with back-pressure, half-closes, and (confirm "fin") waits for the peer's end of stream.
 * An end that comes before our own, or before all was sent, is no answer to it: the peer went away, and what it read is unknown.
 */
function sendStream(options: SyslogOptions, secure: Secure | undefined, frames: readonly Buffer[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let connection: Connection;
    try {
      connection = open(options, secure);
    } catch (cause) {
      reject(wireError(cause));
      return;
    }
    const { stream, transport } = connection;
    let phase: 'connecting' | 'writing' | 'confirming' | 'over' = 'connecting';
    const finish = (error?: unknown): void => {
      if (phase === 'over') return;
      phase = 'over';
      clearTimeout(deadline);
      signal.removeEventListener('abort', aborted);
      stream.destroy();
      transport.destroy();
      if (error === undefined) resolve();
      else reject(wireError(error));
    };
    const aborted = (): void => { finish(new DeliveryError('retry', 'aborted')); };
    const late = (): void => { finish(new DeliveryError('retry', `no progress within ${options.timeoutMs} ms (${phase})`)); };
    const ended = (): void => {
      if (phase !== 'confirming' || transport.writableLength > 0) finish(new DeliveryError('retry', 'the receiver ended the connection early'));
    };
    // A peer that reads one octet a second makes progress for ever.
    const deadline = setTimeout(late, options.timeoutMs * 10);
    if (signal.aborted) { aborted(); return; }
    signal.addEventListener('abort', aborted, { once: true });

    transport.setTimeout(options.timeoutMs, late);
    transport.on('error', finish);
    transport.on('close', () => { finish(new DeliveryError('retry', 'the receiver closed the connection')); });
    transport.on('end', () => { ended(); finish(); });
    stream.on('error', finish);
    stream.on('end', ended);
    // Receivers of syslog have nothing to say; what they say anyway must not stop the end of stream from being seen.
    stream.resume();
    stream.once(secure === undefined ? 'connect' : 'secureConnect', () => {
      phase = 'writing';
      void writeAll(stream, frames, () => phase === 'over').then(async () => {
        await turn();
        if (phase === 'over') return;
        phase = 'confirming';
        if (options.confirm === 'write') transport.once('finish', () => { finish(); });
        stream.end();
      }, finish);
    });
  });
}

/** What we write to, and what carries it: the same without TLS. */
interface Connection { readonly stream: Socket; readonly transport: Socket }

/**
 * TLS goes over a connection that we watch ourselves: a peer that turns us away, or is stopped, takes leave of TLS
 * like one that has read everything, and then resets the connection because it has not.
 */
function open({ host, port }: SyslogOptions, secure: Secure | undefined): Connection {
  const files = secure?.files.current();
  const transport = connectTcp({ host, port });
  if (secure === undefined) return { stream: transport, transport };
  const [ours, theirs] = duplexPair();
  transport.pipe(theirs).pipe(transport);
  const stream = connectTls({ host, ...serverName(host), ...files, socket: ours });
  watchCertificate(stream, secure.seen);
  return { stream, transport };
}

/** Resolves when the operating system has taken every octet. */
async function writeAll(socket: Socket, frames: readonly Buffer[], over: () => boolean): Promise<void> {
  for (let start = 0; start < frames.length; start += 64) {
    if (over()) return;
    await new Promise<void>((resolve, reject) => {
      socket.write(Buffer.concat(frames.slice(start, start + 64)), (error) => { if (error) reject(error); else resolve(); });
    });
  }
}

/** One whole turn of the event loop: an end or a reset that has already arrived is seen before we go on. */
async function turn(): Promise<void> {
  for (let i = 0; i < 2; i++) await new Promise((resolve) => { setImmediate(resolve); });
}

/** SNI takes names only. */
function serverName(host: string): { servername?: string } {
  return /^[\d.]+$|:/.test(host) ? {} : { servername: host };
}

/** One datagram a message, one after another, at a pace that a receiver's buffer stands. */
async function sendDatagrams(options: SyslogOptions, datagrams: readonly Buffer[], signal: AbortSignal): Promise<void> {
  let socket: DatagramSocket | undefined;
  try {
    const addresses = await lookup(options.host, { all: true });
    if (signal.aborted) throw new DeliveryError('retry', 'aborted');
    // Nobody answers over UDP, so the address that the receiver most likely listens on is the one to take.
    const { address, family } = addresses.find((found) => found.family === 4) ?? addresses[0] ?? { address: options.host, family: 4 };
    socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    // Without a listener an error of the socket itself would end the process.
    socket.on('error', () => undefined);
    for (const [i, datagram] of datagrams.entries()) {
      if (i > 0 && i % DATAGRAM_BURST === 0) await new Promise((resolve) => { setTimeout(resolve, DATAGRAM_PAUSE_MS); });
      if (signal.aborted) throw new DeliveryError('retry', 'aborted');
      await new Promise<void>((resolve, reject) => {
        socket?.send(datagram, options.port, address, (error) => { if (error) reject(error); else resolve(); });
      });
    }
  } catch (error) {
    throw wireError(error);
  } finally {
    socket?.close();
  }
}
