import { setMaxListeners } from 'node:events';
import { encodeEvent, type FilteredBytes, type FilteredEvent } from '../event/privacy.js';
import { DeliveryError, type Output, type OutgoingEvent, type Receipt } from '../outputs/output.js';
import type { Clock, Logger, Random } from '../ports.js';
import type { Cursor, DeadLetters, StreamId } from '../spool/spool.js';
import { createGate } from './gate.js';
import { createHealth } from './health.js';
import type { AuditSink, DestinationStatus } from './outcome.js';
import { createReader } from './reader.js';
import { createRecorder, type Settlement, type Verdict } from './recorder.js';
import { createRefusals } from './refusals.js';
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
  /** The most that a backlog is drained at. */
  readonly eventsPerSecond: number;
}

export interface DeliveryPorts { readonly clock: Clock; readonly random: Random; readonly logger: Logger }

const TIMING: Omit<DeliveryTiming, 'probe' | 'holdMs'> = { retry: RETRY_BACKOFF, undecidedMs: 10_000, eventsPerSecond: 5000 };
const TICK_MS = 1000;
/** Sent, not yet committed: what a crash repeats, in multiples of what is on the wire. */
const UNCOMMITTED_BATCHES = 16;
/** Outcomes are recorded in groups of this many, or after this long, whichever comes first. */
const GROUP_UNITS = 16;
const GROUP_MS = 10;
/** One event that never gets through must not stop the others: then this many events may overtake it. */
const OVERTAKING_EVENTS = 4096;
const PACE_BURST_MS = 200;
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
  const maxUncommitted = output.batchEvents * output.maxInFlight + (output.batchEvents === 1 ? UNCOMMITTED_BATCHES * output.maxInFlight : output.batchEvents);
  const reader = createReader({ cursor, window, recorder, output, clock, stopping: stopping.signal, onRead: () => { expireOld(); pump(); }, onDamaged: (unit) => { unit.state = 'done'; release(); } });
  const refusals = createRefusals({ window, undecidedMs: timing.undecidedMs, bury, hold });
  const replays = createReplays({ deadLetters, window, output, stopped: aborting.signal, pump });
  const health = createHealth({ stream, output, cursor, deadLetters, gate, window, recorder }, ports);

  const toSettle: Settlement[] = [];
  let settling = false;
  let settledMs = -Infinity;
  let committing = false;
  let committedTo = cursor.committed;
  let uncommitted = 0;
  let inFlight = 0;
  let probes = 0;
  let paceMs = -Infinity;
  let wake = new AbortController();
  let wakeAtMs = Infinity;
  let lastTurn = clock.monotonic();
  let ended: Promise<void> | undefined;
  let onQuiet: (() => void) | undefined;

  /** Starts whatever can start now. Runs after everything that changes anything, and at least every second. */
  function pump(): void {
    const nowMs = clock.monotonic();
    if (!recorder.stuck()) lastTurn = nowMs;
    if (aborting.signal.aborted) {
      settle(Infinity);
      commit();
      if (isIdle()) onQuiet?.();
      return;
    }
    reader.fill();
    startSends(nowMs);
    settle(nowMs);
    commit();
    if (stopping.signal.aborted && isQuiet(nowMs)) onQuiet?.();
    else armTimer(nowMs);
  }

  function startSends(nowMs: number): void {
    while (inFlight < gate.limit(nowMs) && paceMs <= nowMs) {
      const room = window.headIsStuck() ? OVERTAKING_EVENTS : maxUncommitted;
      const freshToo = window.started() + uncommitted < room;
      const unit = gate.probing ? window.probe(probes++ % 2 === 0 ? 'oldest' : 'least_tried') : window.next(nowMs, { freshToo });
      if (unit === undefined) return;
      paceMs = Math.max(paceMs, nowMs - PACE_BURST_MS) + unit.size * 1000 / timing.eventsPerSecond;
      gate.sent();
      void send(unit);
    }
  }

  async function send(unit: Unit): Promise<void> {
    unit.state = 'sending';
    unit.attempts++;
    inFlight++;
    const answer = await trySend(unit);
    inFlight--;
    if (!(answer instanceof DeliveryError)) succeeded(unit, answer);
    else if (aborting.signal.aborted) unit.state = 'waiting';
    else failed(unit, answer);
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
    gate.succeeded();
    probes = 0;
    refusals.succeeded();
    if (health.state === 'circuit_open' || health.state === 'misconfigured') window.hurry();
    finish(unit, { status: 'success', httpStatus: receipt.httpStatus });
    health.succeeded(unit);
  }

  function failed(unit: Unit, error: DeliveryError): void {
    const nowMs = clock.monotonic();
    unit.state = 'waiting';
    switch (error.kind) {
      case 'retry':
        window.delay(unit, nowMs + (error.retryAfterMs ?? nextDelay(unit.attempts, random.float(), timing.retry)));
        gate.failed(nowMs, random.float(), error.retryAfterMs);
        break;
      case 'misconfigured':
        gate.hold(nowMs);
        break;
      case 'refused':
      case 'too_large':
        gate.answered();
        if (unit.size > 1) window.halve(unit);
        // Who replays wants to know about these events, and nothing is to be held for them.
        else if (unit.replay !== undefined) finish(unit, { status: 'dead', httpStatus: error.httpStatus, message: error.message });
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
    logger.warn({ ...fields, event_id: unit.items[0]?.event.event_id, http_status: refusal?.httpStatus, error: refusal?.message }, 'the destination refused an event; it is kept as a dead letter');
    finish(unit, { status: 'dead', httpStatus: refusal?.httpStatus, message: refusal?.message });
  }

  function finish(unit: Unit, verdict: Verdict): void {
    unit.state = 'finishing';
    window.hurry(unit);
    toSettle.push({ unit, verdict });
  }

  /** Records what is finished in groups: when enough has gathered, when some time has passed, or when nothing else is going on. */
  function settle(nowMs: number): void {
    if (settling || toSettle.length === 0) return;
    if (inFlight > 0 && toSettle.length < GROUP_UNITS && nowMs < settledMs + GROUP_MS) return;
    const group = toSettle.splice(0);
    settling = true;
    settledMs = nowMs;
    void recorder.settle(group).then((recorded) => {
      settling = false;
      for (const { unit, verdict } of group) {
        unit.state = recorded ? 'done' : 'waiting';
        if (!recorded) continue;
        unit.items = [];
        replays.settled(unit, verdict);
      }
      release();
    });
  }

  function release(): void {
    uncommitted += window.release();
    pump();
  }

  function commit(): void {
    const target = window.firstOpenSeq() ?? reader.nextSeq;
    if (committing || target <= committedTo) return;
    const covered = uncommitted;
    committing = true;
    void recorder.persist(() => cursor.commit(target)).then((stored) => {
      if (stored) { committedTo = target; uncommitted -= covered; }
      committing = false;
      pump();
    });
  }

  /** What only time brings about: records that the spool took away, expiry, refused events that nothing followed. */
  function passTime(nowMs: number): void {
    if (cursor.committed > committedTo) { committedTo = cursor.committed; window.dropBefore(committedTo); }
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
      finish(unit, { status: 'expired', message: 'waited longer than the retention' });
    }
  }

  /** When, without anything else happening, something could start. */
  function dueMs(nowMs: number): number {
    const dues = [
      gate.dueMs(nowMs), window.nextDueMs(nowMs), paceMs > nowMs ? paceMs : undefined,
      toSettle.length > 0 && !settling ? settledMs + GROUP_MS : undefined,
    ];
    return Math.min(...dues.map((due) => due ?? Infinity));
  }

  function armTimer(nowMs: number): void {
    if (toSettle.length === 0 && inFlight > 0 && inFlight >= gate.limit(nowMs)) return;
    if (dueMs(nowMs) < wakeAtMs) wake.abort();
  }

  async function keepTime(): Promise<void> {
    while (!aborting.signal.aborted) {
      const nowMs = clock.monotonic();
      wakeAtMs = Math.min(nowMs + TICK_MS, dueMs(nowMs));
      wake = new AbortController();
      await clock.sleep(Math.max(1, wakeAtMs - nowMs), wake.signal);
      passTime(clock.monotonic());
      pump();
    }
  }

  /** Draining: nothing is on its way, and nothing that is left can be sent now. */
  function isQuiet(nowMs: number): boolean {
    return isIdle() && paceMs <= nowMs && (reader.atEnd || window.fresh() > 0);
  }

  function isIdle(): boolean {
    return inFlight === 0 && !reader.busy && !committing && !window.units.some((unit) => unit.state === 'finishing');
  }

  async function halt(drainMs: number): Promise<void> {
    const over = new AbortController();
    const quiet = (): Promise<void> => new Promise((resolve) => { onQuiet = resolve; pump(); });
    stopping.abort();
    await Promise.race([quiet(), clock.sleep(drainMs, over.signal)]);
    aborting.abort();
    wake.abort();
    await Promise.race([quiet(), clock.sleep(ABORT_GRACE_MS, over.signal)]);
    over.abort();
    await output.close();
  }

  function kick(): void {
    gate.kick(clock.monotonic());
    window.hurry();
    pump();
  }

  void keepTime();
  pump();

  return {
    name: output.name,
    get lastTurn() { return lastTurn; },
    kick,
    replay(ids, signal) {
      const result = replays.replay(ids, signal);
      kick();
      return result;
    },
    stop: (drainMs) => (ended ??= halt(drainMs)),
    status: () => health.status(),
  };
}
