import { homedir } from 'node:os';
import type { AgentView } from '../control/methods/agent.js';
import { RaxedError } from '../errors.js';
import type { ErrorCode } from '../errors.js';
import type { ScanResult as WireResult } from '../pipeline.js';
import { Link } from './link.js';
import type { CallOptions } from './partner.js';
import { scanParams, textBytesOf } from './scan-input.js';
import type { ScanInput, ToolCallInput } from './scan-input.js';
import { findScanSocket } from './scan-socket.js';

export type { AgentView, CallOptions, ScanInput, ToolCallInput };

export interface RaxedOptions {
  /** The daemon's scan socket; else RAXED_SOCKET's neighbour, or where one is found (this user's daemon, then the system's). */
  readonly socketPath?: string;
  /** The daemon's loopback listener (`control.http`) instead of a socket: `http://127.0.0.1:8765`. */
  readonly url?: string;
  /** Of the loopback listener. */
  readonly token?: string;
  /** Whom scans are for; without both the daemon's own customer. */
  readonly msspId?: string;
  readonly customerId?: string;
  /** The application as an agent: it is registered, and heartbeats are sent. */
  readonly agentId?: string;
  readonly integration?: string;
  /** The application's version, as agent lists and events show it. */
  readonly version?: string;
  /** How long a call may take; 5,000 unless told. */
  readonly timeoutMs?: number;
  /** True unless told: where the daemon cannot be asked a scan allows, and its result says `unavailable`. False: it rejects. */
  readonly failOpen?: boolean;
  /** Calls that may wait for the daemon at once; 1,000 unless told. More of them are as if it could not be asked. */
  readonly maxPending?: number;
  /** What these calls may have together, in bytes; 64 MiB unless told. One call alone may have what the daemon takes. */
  readonly maxPendingBytes?: number;
  /** Of the agent; 60,000 unless told, 0: none but those made with `heartbeat()`. */
  readonly heartbeatIntervalMs?: number;
  /** Called for each scan that found a threat. */
  readonly onThreat?: (result: ScanResult) => void;
  /** Told what nobody awaits: an agent that the daemon refuses, an `onThreat` that threw. With `failOpen` not that no daemon answers: results say so. */
  readonly onError?: (error: unknown) => void;
}

/** The daemon's verdict, with the names on the wire. */
export interface ScanResult extends WireResult {
  readonly unavailable: false;
  /** `threat_detected`. */
  readonly hasThreats: boolean;
}

/** Nobody has looked at the texts. `error` says why. */
export interface UnavailableResult {
  readonly unavailable: true;
  readonly error: RaxedError;
  readonly hasThreats: false;
  readonly threat_detected: false;
  readonly action_taken: 'allow';
  readonly highest_severity: 'none';
  readonly detections: readonly never[];
  readonly delivery: 'none';
}

export type ScanOutcome = ScanResult | UnavailableResult;

/** What `guard` throws for texts that the policy blocks. */
export class ThreatBlockedError extends RaxedError {
  override readonly name = 'ThreatBlockedError';

  constructor(readonly result: ScanResult) {
    super('THREAT_BLOCKED', `raxed blocked it: ${result.detections[0]?.name ?? 'a threat'} (${result.highest_severity}, ${result.event_id})`);
  }
}

/** Reasons that lie with the daemon or the way to it, not with the call. */
const UNAVAILABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['DAEMON_UNREACHABLE', 'PROTOCOL_MISMATCH', 'BUSY', 'STOPPING', 'SCAN_FAILED', 'INTERNAL', 'REQUEST_TIMEOUT']);

const TIMEOUT_MS = 5000;
const MAX_PENDING = 1000;
const MAX_PENDING_BYTES = 64 * 1024 * 1024;
const HEARTBEAT_INTERVAL_MS = 60_000;
const MAX_TIME_MS = 86_400_000;
/** What a scan in an application that ends may cost it. */
const FAREWELL_MS = 1000;

/**
 * Asks the daemon on this host what to think of what is said to and by a language model. All calls share one connection,
 * which is made when it is needed, made again when it breaks, and does not keep the process alive.
 */
export class Raxed {
  private readonly link: Link;
  private readonly startedAt = performance.now();
  private heartbeats: NodeJS.Timeout | undefined;
  private closing: Promise<void> | undefined;

  /** Throws BAD_REQUEST for options that contradict each other, and for times that cannot be. */
  constructor(private readonly options: RaxedOptions = {}) {
    const { url, token, socketPath, agentId, heartbeatIntervalMs = HEARTBEAT_INTERVAL_MS } = options;
    const connectTimeoutMs = checkedTimeout(options.timeoutMs ?? TIMEOUT_MS);
    if (!(heartbeatIntervalMs >= 0 && heartbeatIntervalMs <= MAX_TIME_MS)) throw new RaxedError('BAD_REQUEST', 'heartbeatIntervalMs takes milliseconds up to a day, or 0');
    if (url !== undefined && socketPath !== undefined) throw new RaxedError('BAD_REQUEST', 'give socketPath or url, not both');
    if (url !== undefined && !/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : '')) throw new RaxedError('BAD_REQUEST', 'url must be such as http://127.0.0.1:8765');
    if ((options.msspId === undefined) !== (options.customerId === undefined)) throw new RaxedError('BAD_REQUEST', 'msspId and customerId go together');
    this.link = new Link({
      target: url === undefined ? { socketPath: socketPath ?? findScanSocket(process.env, { home: homedir(), cwd: process.cwd() }) } : { url, token },
      connectTimeoutMs,
      maxPending: options.maxPending ?? MAX_PENDING, maxPendingBytes: options.maxPendingBytes ?? MAX_PENDING_BYTES,
      onConnected: () => { this.register(); },
      now: () => performance.now(),
      random: Math.random,
    });
    if (agentId === undefined) return;
    // In the background: an application starts whether or not a daemon is there.
    queueMicrotask(() => { void this.beat(); });
    if (heartbeatIntervalMs > 0) this.heartbeats = setInterval(() => { void this.beat(); }, heartbeatIntervalMs).unref();
  }

  /**
   * Judges texts; a string is a prompt. With `failOpen` it rejects only for what is wrong with the call (BAD_REQUEST,
   * TOO_LARGE, CUSTOMER_NOT_FOUND and the like), for a client that was closed, and with an aborted signal's reason.
   */
  async scan(input: string | ScanInput, options: CallOptions = {}): Promise<ScanOutcome> {
    this.refuseWhenClosed();
    const { msspId, customerId, agentId, integration } = this.options;
    try {
      const params = {
        ...scanParams({ msspId, customerId, agentId, integration }),
        ...scanParams(typeof input === 'string' ? { prompt: input } : input),
      };
      const result = resultOf(await this.link.call({
        method: 'scan', params, textBytes: () => textBytesOf(params),
        timeoutMs: checkedTimeout(options.timeoutMs ?? this.options.timeoutMs ?? TIMEOUT_MS), signal: options.signal,
      }));
      if (result.hasThreats) this.tell(result);
      return result;
    } catch (error) {
      if (this.options.failOpen === false || !(error instanceof RaxedError) || !UNAVAILABLE.has(error.code)) throw error;
      return { unavailable: true, error, hasThreats: false, threat_detected: false, action_taken: 'allow', highest_severity: 'none', detections: [], delivery: 'none' };
    }
  }

  /** Judges what a model answered; with the prompt that it answered, both in one event. */
  scanResponse(response: string, input: Omit<ScanInput, 'response'> = {}, options: CallOptions = {}): Promise<ScanOutcome> {
    return this.scan({ ...input, response }, options);
  }

  /** Judges a tool's arguments before it is called, and, with `result`, what it gave back. */
  scanToolCall(call: ToolCallInput, input: Omit<ScanInput, 'toolCalls'> = {}, options: CallOptions = {}): Promise<ScanOutcome> {
    return this.scan({ ...input, toolCalls: [call] }, options);
  }

  /** `scan` for those who prefer exceptions: throws ThreatBlockedError where the policy (`scanner.block_at`) says block. */
  async guard(input: string | ScanInput, options: CallOptions = {}): Promise<ScanOutcome> {
    const outcome = await this.scan(input, options);
    if (!outcome.unavailable && outcome.action_taken === 'block') throw new ThreatBlockedError(outcome);
    return outcome;
  }

  /** Says that the application is alive. Needs `agentId`. undefined where the daemon cannot be asked and `failOpen` holds. */
  async heartbeat(options: CallOptions = {}): Promise<AgentView | undefined> {
    if (this.options.agentId === undefined) throw new RaxedError('BAD_REQUEST', 'a heartbeat needs the client\'s agentId');
    this.refuseWhenClosed();
    try {
      // The daemon counts the scans that were made through it by itself.
      return await this.agentCall('agent.heartbeat', { uptime_seconds: this.uptimeSeconds() }, options);
    } catch (error) {
      if (this.options.failOpen === false || !(error instanceof RaxedError) || !UNAVAILABLE.has(error.code)) throw error;
      return undefined;
    }
  }

  /** Waits for the calls that were made, says farewell for the agent, and closes the connection. Later calls reject with CLIENT_CLOSED. Safe twice. */
  close(): Promise<void> {
    return this.closing ??= this.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async end(): Promise<void> {
    clearInterval(this.heartbeats);
    if (this.options.agentId !== undefined) await this.agentCall('agent.heartbeat', { status: 'stopping', uptime_seconds: this.uptimeSeconds() }, { timeoutMs: FAREWELL_MS }).catch(() => undefined);
    await this.link.close();
  }

  private register(): void {
    if (this.options.agentId === undefined) return;
    const { version, integration } = this.options;
    this.agentCall('agent.register', { version, integration, platform: process.platform }, {}).catch((error: unknown) => { this.options.onError?.(error); });
  }

  private refuseWhenClosed(): void {
    if (this.closing !== undefined) throw new RaxedError('CLIENT_CLOSED', 'the client is closed');
  }

  private async beat(): Promise<void> {
    if (this.closing !== undefined) return;
    try {
      await this.heartbeat();
    } catch (error) {
      this.options.onError?.(error);
    }
  }

  private async agentCall(method: 'agent.register' | 'agent.heartbeat', params: object, { timeoutMs, signal }: CallOptions): Promise<AgentView> {
    const { agentId, msspId, customerId } = this.options;
    // The shape is the daemon's word: the method's type is the same on both sides.
    return await this.link.call({ method, params: { id: agentId, mssp: msspId, customer: customerId, ...params }, timeoutMs: checkedTimeout(timeoutMs ?? this.options.timeoutMs ?? TIMEOUT_MS), signal }) as AgentView;
  }

  private uptimeSeconds(): number {
    return Math.round((performance.now() - this.startedAt) / 1000);
  }

  private tell(result: ScanResult): void {
    try {
      this.options.onThreat?.(result);
    } catch (error) {
      this.options.onError?.(error);
    }
  }
}

/** Node's timers take Infinity for 1 ms: a scan with such a limit would always have failed open. */
function checkedTimeout(timeoutMs: number): number {
  if (timeoutMs > 0 && timeoutMs <= MAX_TIME_MS) return timeoutMs;
  throw new RaxedError('BAD_REQUEST', 'timeoutMs takes milliseconds above 0 and up to a day');
}

/** What was answered, as far as callers decide by it. Throws DAEMON_UNREACHABLE for anything that is no verdict. */
function resultOf(answer: object): ScanResult {
  const verdict = answer as Partial<WireResult>;
  const isVerdict = typeof verdict.threat_detected === 'boolean' && (verdict.action_taken === 'allow' || verdict.action_taken === 'block')
    && typeof verdict.event_id === 'string' && Array.isArray(verdict.detections);
  if (!isVerdict) throw new RaxedError('DAEMON_UNREACHABLE', 'what answered is not raxed: its answer is no verdict');
  return { ...verdict as WireResult, unavailable: false, hasThreats: verdict.threat_detected === true };
}
