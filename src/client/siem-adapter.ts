import { hostname as ownHostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { AVAILABLE_SIEM } from '../config/available.js';
import { parseSiem, type SiemConfig } from '../config/schema.js';
import { resolveSecret } from '../config/secret.js';
import { ConfigError, RaxedError } from '../errors.js';
import { encodeEvent } from '../event/privacy.js';
import { DeliveryError, type OutgoingEvent, type Receipt, type SiemOutput } from '../outputs/output.js';
import { splitForRequests } from '../outputs/requests.js';
import { nodeClock, nodeRandom } from '../platform/node.js';
import { createSiemOutput } from '../siem-output.js';
import { createUlid } from '../ulid.js';
import { VERSION } from '../version.js';
import type { SiemEvent } from './siem-event.js';
import { siemEvent } from './siem-event.js';
import type { SiemSettings } from './siem-settings.js';

export type * from './siem-settings.js';
export type { SiemEvent };

export interface SiemAdapterOptions {
  /** As it stands in CEF lines; give adapters of one installation the same. `inst_` and a ULID, made anew, unless told. */
  readonly installationId?: string;
  /** Of this machine, as the SIEM shall see it. */
  readonly hostname?: string;
  /** The URL of a proxy; else HTTPS_PROXY and NO_PROXY of `env`. */
  readonly proxy?: string;
  /** For secrets, proxies and RAXE_SKIP_SSL_VERIFY; `process.env` unless told. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface SiemCallOptions {
  readonly signal?: AbortSignal;
}

export interface SiemReceipt {
  /** Absent for syslog. */
  readonly httpStatus?: number;
  /** What the receiver said beside a status. */
  readonly says?: string;
}

export interface SiemHealth extends SiemReceipt {
  /** What the answer proves, and what it does not. */
  readonly checked: string;
}

export interface RefusedEvent {
  /** Its place in what was given. */
  readonly index: number;
  readonly eventId: string;
  readonly reason: string;
}

export interface SiemBatchResult {
  /** How many events the SIEM took. */
  readonly delivered: number;
  /** Those that it will never take; their neighbours were delivered. */
  readonly refused: readonly RefusedEvent[];
}

/** A delivery that failed. `code` is DELIVERY_FAILED; the message holds no secret, no text and no path of a URL. */
export class SiemDeliveryError extends RaxedError {
  override readonly name = 'SiemDeliveryError';
  /** True where it may heal by itself; false where a setting or the event is wrong. */
  readonly retryable: boolean;
  /** How long the receiver wants to be left alone. */
  readonly retryAfterMs: number | undefined;
  /** What it answered, where it is one that speaks HTTP. */
  readonly receiverStatus: number | undefined;
  /** Of a batch: how many events, from the first, need not be sent again. */
  readonly settled: number;

  constructor(cause: DeliveryError, settled: number) {
    super('DELIVERY_FAILED', cause.message, { cause });
    this.retryable = cause.kind === 'retry';
    this.retryAfterMs = cause.retryAfterMs;
    this.receiverStatus = cause.httpStatus;
    this.settled = settled;
  }
}

/** One SIEM. It neither retries nor queues: what was not taken is the caller's to send again. */
export interface SiemAdapter {
  readonly name: string;
  readonly type: SiemSettings['type'];
  /** scheme://host:port. */
  readonly url: string;
  /** The event as this SIEM gets it: a CEF line, a syslog message, or JSON. Throws BAD_REQUEST. */
  transformEvent(event: SiemEvent): string;
  /** Resolves when the SIEM has it. Rejects with BAD_REQUEST or SiemDeliveryError. */
  sendEvent(event: SiemEvent, options?: SiemCallOptions): Promise<SiemReceipt>;
  /**
   * Sends them in order, in as few requests as the SIEM's limits allow, and finds those that it refuses for good.
   * Rejects with BAD_REQUEST before anything is sent, and with SiemDeliveryError. Five refused with none taken is taken
   * for a wrong setting, and rejects.
   */
  sendBatch(events: readonly SiemEvent[], options?: SiemCallOptions): Promise<SiemBatchResult>;
  /** Asks, without an event, whether the SIEM would take one. Rejects with SiemDeliveryError. */
  healthCheck(options?: SiemCallOptions): Promise<SiemHealth>;
  /** Closes its connections. Safe twice. */
  close(): Promise<void>;
}

/** So many refused, and none taken: it is not the events. */
const ALL_REFUSED = 5;

/**
 * An adapter to one SIEM, without a daemon, for the settings that the configuration file would have. **It sends what it
 * is given**: the privacy filter is the daemon's, and here it is the caller who takes `_mssp_data` out of events whose
 * texts the SIEM must not see (CEF carries no texts in any case). Throws ConfigError with every problem found: CONFIG_INVALID,
 * SECRET_UNAVAILABLE.
 */
export function createSiemAdapter(settings: SiemSettings, options: SiemAdapterOptions = {}): SiemAdapter {
  const { env = process.env } = options;
  const siem = checked(settings);
  const output = createSiemOutput(siem, {
    token: siem.token === null ? undefined : resolveSecret(siem.token, env, '/token'),
    proxy: { configured: options.proxy ?? null, env },
    skipVerify: env['RAXE_SKIP_SSL_VERIFY']?.toLowerCase() === 'true',
    // A program must not end while it waits for an acknowledgement.
    clock: { ...nodeClock, sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined) },
    version: VERSION,
    installationId: options.installationId ?? `inst_${createUlid(nodeClock, nodeRandom)()}`,
    hostname: options.hostname ?? ownHostname(),
  });
  const closing = new AbortController();
  const within = ({ signal }: SiemCallOptions = {}): AbortSignal => {
    if (closing.signal.aborted) throw new RaxedError('STOPPING', 'the adapter is closed');
    return signal === undefined ? closing.signal : AbortSignal.any([closing.signal, signal]);
  };

  return {
    name: output.name,
    type: siem.type,
    url: output.url,
    transformEvent: (event) => output.format(siemEvent(event)),
    async sendEvent(event, callOptions) {
      const signal = within(callOptions);
      return receiptOf(await output.send([outgoing(event, 'event')], signal).catch(failed(0)));
    },
    async sendBatch(events, callOptions) {
      const signal = within(callOptions);
      if (!Array.isArray(events)) throw new RaxedError('BAD_REQUEST', 'events must be an array');
      return sendAll(output, events.map((event: SiemEvent, i) => outgoing(event, `events[${i}]`)), signal);
    },
    async healthCheck(callOptions) {
      const health = await output.healthCheck(within(callOptions)).catch(failed(0));
      return { ...receiptOf(health), checked: health.checked };
    },
    async close() {
      closing.abort();
      await output.close();
    },
  };
}

function checked(settings: SiemSettings): SiemConfig {
  const part = parseSiem(settings, { folder: process.cwd(), availableSiem: AVAILABLE_SIEM });
  if ('problems' in part) throw new ConfigError('CONFIG_INVALID', part.problems);
  return part.value;
}

function outgoing(event: SiemEvent, name: string): OutgoingEvent {
  const filtered = siemEvent(event, name);
  return { event: filtered, body: encodeEvent(filtered) };
}

/** A batch that is refused is cut at the event that the SIEM names, else in the middle, until the bad ones stand alone. */
async function sendAll(output: SiemOutput, events: readonly OutgoingEvent[], signal: AbortSignal): Promise<SiemBatchResult> {
  const refused: RefusedEvent[] = [];
  let delivered = 0;

  async function send(from: number, count: number): Promise<void> {
    if (count === 0) return;
    try {
      await output.send(events.slice(from, from + count), signal);
      delivered += count;
    } catch (error) {
      if (!(error instanceof DeliveryError)) throw error;
      if (error.kind !== 'refused' && error.kind !== 'too_large') throw new SiemDeliveryError(error, delivered + refused.length);
      const named = error.refusedAt !== undefined && error.refusedAt < count ? error.refusedAt : undefined;
      if (count === 1) {
        refused.push({ index: from, eventId: events[from]?.event.event_id ?? '', reason: error.message });
        if (delivered === 0 && refused.length === ALL_REFUSED) throw new SiemDeliveryError(error, 0);
        return;
      }
      const cut = named ?? Math.floor(count / 2);
      await send(from, cut);
      if (named !== undefined) await send(from + cut, 1);
      const rest = named === undefined ? cut : cut + 1;
      await send(from + rest, count - rest);
    }
  }

  for (const part of splitForRequests(events.map(({ body }) => body), { events: output.batchEvents, bytes: output.batchBytes })) {
    await send(part.from, part.pieces.length);
  }
  return { delivered, refused };
}

function receiptOf({ httpStatus, says }: Receipt): SiemReceipt {
  return { ...(httpStatus === undefined ? {} : { httpStatus }), ...(says === undefined ? {} : { says }) };
}

function failed(settled: number): (error: unknown) => never {
  return (error) => { throw error instanceof DeliveryError ? new SiemDeliveryError(error, settled) : error; };
}
