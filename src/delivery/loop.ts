import { setMaxListeners } from 'node:events';
import { encodeEvent, type FilteredBytes, type FilteredEvent } from '../event/privacy.js';
import { DeliveryError, type Output, type OutgoingEvent, type Receipt } from '../outputs/output.js';
import type { Clock, Logger, Random } from '../ports.js';
import type { Cursor, DeadLetters, StreamId } from '../spool/spool.js';
import { createAlarm } from './alarm.js';
import { createGate } from './gate.js';
import { createHealth } from './health.js';
import { createLedger } from './ledger.js';
import type { AuditSink, DestinationStatus } from './outcome.js';
import { createPace } from './pace.js';
import { createReader } from './reader.js';
import { createRecorder } from './recorder.js';
import { createRefusals, REFUSALS_TO_HOLD } from './refusals.js';
import { createReplays, type ReplayResult } from './replay.js';
import { nextDelay, RETRY_BACKOFF, type BackoffOptions } from './retry.js';
import { createWindow, type Item, type Unit } from './window.js';

/**
 * Carries one destination's events from its cursor to its output: reads, narrows to today's privacy, sends up to
 * `maxInFlight` batches at once, records every outcome, and moves the cursor over what is recorded, in order.
 * Nothing in it waits for a disk between two sends.
 */
export interface DeliveryLoop {
  readonly name: string;
  status(): DestinationStatus;
  /** Tries at once, whatever it was waiting for: after a reload, or when an operator says so. */
  kick(): void;
  /** Sends at once what waits for a batch to be full. */
  flush(): void;
  /** Delivers for up to `drainMs` what can be delivered, then aborts and closes the output. Safe twice. The cursor stays the caller's. */
  stop(drainMs: number): Promise<void>;
  /** Sends dead letters again, at once if the destination was given up for now; resolves when each was tried. */
  replay(ids: readonly number[], signal: AbortSignal): Promise<ReplayResult>;
  /** Monotonic ms of the last time that it looked at its work with storage that answers. At most a few seconds ago. */
  readonly lastTurn: number;
}

export interface DeliveryLoopOptions {
  readonly stream: StreamId;
  readonly cursor: Cursor<FilteredBytes>;
  readonly deadLetters: DeadLetters<FilteredBytes>;
  readonly output: Output;
  /** Today's privacy; returns the same object when there is nothing to take away. */
  readonly narrow: (event: FilteredEvent) => FilteredEvent;
  readonly audit: AuditSink;
  /** The longest that an event waits until its batch is full; 0 unless told. */
  readonly flushIntervalMs?: number;
  /** What waits longer expires; undefined: never. Asked for anew each second. */
  readonly retentionMs?: () => number | undefined;
  readonly timing?: Partial<DeliveryTiming>;
}

export interface DeliveryTiming {
  readonly retry: BackoffOptions;
  readonly probe: BackoffOptions;
  readonly holdMs: number;
  /** How long a refused event waits for another's success before it is dead-lettered without one. */
  readonly undecidedMs: number;
  /** The most that a backlog is drained at after an outage. */
  readonly eventsPerSecond: number;
}

export interface DeliveryPorts { readonly clock: Clock; readonly random: Random; readonly logger: Logger }

const TIMING: Omit<DeliveryTiming, 'probe' | 'holdMs'> = { retry: RETRY_BACKOFF, undecidedMs: 10_000, eventsPerSecond: 5000 };
/**
 * A crash repeats what was sent and is not yet behind the cursor: what is on the wire, and at most this many times as
 * much whose outcome or place is on its way to the disk. With fewer, a disk that needs a few ms for a sync holds up the sends.
 */
const UNCOMMITTED_WINDOWS = 2;
const MAX_GROUP_EVENTS = 16;
/**
 * One event that never gets through must not stop the others: then this many events may overtake it. Of what has, no more
 * than ever is not durably done.
 */
const OVERTAKING_EVENTS = 4096;
/** How long after the drain an output may take to notice the abort. */
const ABORT_GRACE_MS = 2000;

export function createDeliveryLoop(options: DeliveryLoopOptions, ports: DeliveryPorts): DeliveryLoop {
  const { cursor, deadLetters, output, stream } = options;
  const { clock, random, logger } = ports;
  const timing = { ...TIMING, ...options.timing };
  const fields = { mssp_id: stream.msspId, customer_id: stream.customerId, destination: output.name };

  const stopping = new AbortController();
  const aborting = new AbortController();
  setMaxListeners(0, stopping.signal, aborting.signal);
  const gate = createGate({
    maxInFlight: output.maxInFlight,
    ...(timing.probe === undefined ? {} : { probe: timing.probe }),
    ...(timing.holdMs === undefined ? {} : { holdMs: timing.holdMs }),
  });
  const recorder = createRecorder({ stream, output, deadLetters, audit: options.audit, stopped: aborting.signal, narrow: narrowStored }, ports);
  const window = createWindow();
  const maxInFlight = output.batchEvents * output.maxInFlight;
  // As many as it takes to see that a setting is wrong wait undecided.
  const maxUncommitted = Math.max(REFUSALS_TO_HOLD, output.batchEvents === 1 ? UNCOMMITTED_WINDOWS * maxInFlight : output.batchEvents);
  const mostExposed = maxInFlight + maxUncommitted;
  const reader = createReader({
    cursor, window, recorder, output, clock, flushIntervalMs: options.flushIntervalMs ?? 0, stopping: stopping.signal,
    onRead: () => { expireOld(); pump(); },
    onDamaged: (unit) => { ledger.close(unit); },
  });
  const ledger = createLedger({
    cursor, window, recorder, groupEvents: Math.min(MAX_GROUP_EVENTS, output.maxInFlight),
    nextSeq: () => reader.nextSeq,
    recorded: ({ unit, verdict }) => { replays.settled(unit, verdict); },
    onChange: pump,
  });
  const refusals = createRefusals({ window, undecidedMs: timing.undecidedMs, bury, hold });
  const replays = createReplays({ deadLetters, window, output, stopped: aborting.signal, pump });
  const health = createHealth({
    stream, output, cursor, deadLetters, gate, window, recorder,
    stalled: () => window.headIsStuck() && !hasRoom(OVERTAKING_EVENTS),
    eventsInFlight: () => eventsInFlight,
  }, ports);
  const pace = createPace(timing.eventsPerSecond);

  let inFlight = 0;
  let eventsInFlight = 0;
  let probes = 0;
  let lastTurn = clock.monotonic();
  let ended: Promise<void> | undefined;
  let onQuiet: (() => void) | undefined;

  /** Starts whatever can start now. Runs after everything that changes anything, and at least every second. */
  function pump(): void {
    const nowMs = clock.monotonic();
    if (!recorder.stuck()) lastTurn = nowMs;
    if (aborting.signal.aborted) {
      ledger.run(nowMs, true);
      if (isIdle()) onQuiet?.();
      return;
    }
    reader.fill();
    if (reader.atEnd && window.fresh() === 0) pace.caughtUp();
    startSends(nowMs);
    ledger.run(nowMs, inFlight === 0);
    if (stopping.signal.aborted && isQuiet(nowMs)) onQuiet?.();
    else if (ledger.dueMs !== undefined || inFlight < Math.max(1, gate.limit(nowMs))) alarm.check();
  }

  function startSends(nowMs: number): void {
    while (inFlight < gate.limit(nowMs) && pace.dueMs <= nowMs) {
      const freshToo = hasRoom(window.headIsStuck() ? OVERTAKING_EVENTS : mostExposed) && eventsInFlight + ledger.unsaved < mostExposed;
      const unit = gate.probing ? window.probe(probes++ % 2 === 0 ? 'oldest' : 'least_tried') : window.next(nowMs, { freshToo });
      if (unit === undefined) return;
      pace.spend(unit.size, nowMs, random.float());
      gate.sent(nowMs);
      void send(unit);
    }
  }

  function hasRoom(events: number): boolean {
    return window.started() + ledger.uncommitted < events;
  }

  async function send(unit: Unit): Promise<void> {
    unit.state = 'sending';
    unit.attempts++;
    inFlight++;
    eventsInFlight += unit.size;
    const sentMs = clock.monotonic();
    const answer = await trySend(unit);
    inFlight--;
    eventsInFlight -= unit.size;
    if (!(answer instanceof DeliveryError)) succeeded(unit, answer);
    else if (aborting.signal.aborted) unit.state = 'waiting';
    else failed(unit, answer, sentMs);
    pump();
  }

  /** An event that breaks its output is like one that is refused: set aside if it is alone, held if all do. */
  async function trySend(unit: Unit): Promise<Receipt | DeliveryError> {
    try {
      return await output.send(unit.items.map(outgoing), aborting.signal);
    } catch (error) {
      return error instanceof DeliveryError ? error : new DeliveryError('refused', 'the event cannot be put into the output\'s form', { cause: error });
    }
  }

  /** The event as it may leave now. What privacy took away is gone for later attempts and the dead letters too. */
  function outgoing(item: Item): OutgoingEvent {
    const narrowed = options.narrow(item.event);
    if (narrowed !== item.event) {
      item.event = narrowed;
      item.payload = encodeEvent(narrowed);
    }
    return { event: item.event, body: item.payload };
  }

  /** Privacy may have become stricter since the attempt; an event that cannot be narrowed broke the attempt, too. */
  function narrowStored(item: Item): void {
    try { outgoing(item); } catch { /* kept as it is stored */ }
  }

  function succeeded(unit: Unit, receipt: Receipt): void {
    const nowMs = clock.monotonic();
    if (gate.succeeded(nowMs)) pace.recovered(nowMs);
    probes = 0;
    refusals.succeeded();
    if (health.state === 'circuit_open' || health.state === 'misconfigured') window.hurry();
    ledger.finish(unit, { status: 'success', httpStatus: receipt.httpStatus });
    health.succeeded(unit);
  }

  function failed(unit: Unit, error: DeliveryError, sentMs: number): void {
    const nowMs = clock.monotonic();
    unit.state = 'waiting';
    switch (error.kind) {
      case 'retry':
        window.delay(unit, nowMs + (error.retryAfterMs ?? nextDelay(unit.attempts, random.float(), timing.retry)));
        gate.failed(nowMs, random.float(), { retryAfterMs: error.retryAfterMs, overload: error.overload, sentMs });
        break;
      case 'misconfigured':
        gate.hold(nowMs);
        break;
      case 'refused':
      case 'too_large':
        gate.answered();
        if (unit.size > 1) window.split(unit, error.refusedAt);
        // Who replays wants to know about these events, and nothing is to be held for them.
        else if (unit.replay !== undefined) ledger.finish(unit, { status: 'dead', httpStatus: error.httpStatus, message: error.message });
        else refusals.refused(unit, error, nowMs);
    }
    if (gate.state === 'open') replays.failed(unit, error);
    else replays.closed(error.message);
    health.failed(unit, error);
  }

  function hold(nowMs: number): void {
    gate.hold(nowMs);
    replays.closed('held: different events in a row were refused');
  }

  function bury(unit: Unit): void {
    const { refusal } = unit;
    logger.warn({ ...fields, event_id: unit.items[0]?.event.event_id, http_status: refusal?.httpStatus, error: { code: 'DELIVERY_FAILED', message: refusal?.message } }, 'the destination refused an event; it is kept as a dead letter');
    health.buried(unit.size);
    ledger.finish(unit, { status: 'dead', httpStatus: refusal?.httpStatus, message: refusal?.message });
  }

  /** What only time brings about: records that the spool took away, expiry, refused events that nothing followed. */
  function passTime(nowMs: number): void {
    ledger.moved();
    expireOld();
    refusals.passTime(nowMs, gate.state === 'held');
  }

  function expireOld(): void {
    const retentionMs = options.retentionMs?.();
    if (retentionMs === undefined) return;
    const cutoff = clock.now() - retentionMs;
    for (const unit of window.units) {
      const newest = unit.items.at(-1);
      if (newest === undefined || newest.time > cutoff || unit.state !== 'waiting' || unit.replay !== undefined) continue;
      health.expired(unit.size);
      window.begin(unit);
      ledger.finish(unit, { status: 'expired', message: 'waited longer than the retention' });
    }
  }

  /** When, without anything else happening, something could start. */
  function dueMs(): number {
    const nowMs = clock.monotonic();
    const dues = [gate.dueMs(nowMs), window.nextDueMs(nowMs), pace.dueMs > nowMs ? pace.dueMs : undefined, ledger.dueMs];
    return Math.min(...dues.map((due) => due ?? Infinity));
  }

  /** Draining: nothing is on its way, and nothing that is left can be sent now. */
  function isQuiet(nowMs: number): boolean {
    return isIdle() && pace.dueMs <= nowMs && (reader.atEnd || window.fresh() > 0);
  }

  function isIdle(): boolean {
    return inFlight === 0 && !reader.busy && !ledger.committing && !window.units.some((unit) => unit.state === 'finishing');
  }

  async function halt(drainMs: number): Promise<void> {
    const over = new AbortController();
    const quiet = (): Promise<void> => new Promise((resolve) => { onQuiet = resolve; pump(); });
    stopping.abort();
    window.flush();
    await Promise.race([quiet(), clock.sleep(drainMs, over.signal)]);
    aborting.abort();
    alarm.stop();
    await Promise.race([quiet(), clock.sleep(ABORT_GRACE_MS, over.signal)]);
    over.abort();
    await output.close();
  }

  function kick(): void {
    gate.kick(clock.monotonic());
    window.hurry();
    flush();
  }

  function flush(): void {
    window.flush();
    pump();
  }

  const alarm = createAlarm(clock, { dueMs, ring: () => { passTime(clock.monotonic()); pump(); } });
  pump();

  return {
    name: output.name,
    get lastTurn() { return lastTurn; },
    kick,
    flush,
    replay(ids, signal) {
      const result = replays.replay(ids, signal);
      kick();
      return result;
    },
    stop: (drainMs) => (ended ??= halt(drainMs)),
    status: () => health.status(),
  };
}
