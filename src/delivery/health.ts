import type { DeliveryError, Output } from '../outputs/output.js';
import type { Clock, Logger } from '../ports.js';
import type { Cursor, DeadLetters, StreamId } from '../spool/spool.js';
import type { FilteredBytes } from '../event/privacy.js';
import type { Gate } from './gate.js';
import type { DestinationState, DestinationStatus } from './outcome.js';
import type { Recorder } from './recorder.js';
import type { Unit, Window } from './window.js';

/** How a destination is doing: its counters, its state, and who is told when the state changes. */
export interface Health {
  readonly state: DestinationState;
  succeeded(unit: Unit): void;
  failed(unit: Unit, error: DeliveryError): void;
  expired(count: number): void;
  buried(count: number): void;
  status(): DestinationStatus;
}

export interface HealthOptions {
  readonly stream: StreamId;
  readonly output: Output;
  readonly cursor: Cursor<FilteredBytes>;
  readonly deadLetters: DeadLetters<FilteredBytes>;
  readonly gate: Gate;
  readonly window: Window;
  readonly recorder: Recorder;
  /** The oldest event holds up all that are new. */
  stalled(): boolean;
  eventsInFlight(): number;
}

/** How the log says that a destination does not take events. */
const TROUBLES = {
  retrying: { level: 'warn', message: 'the destination did not take events; they are tried again' },
  circuit_open: { level: 'warn', message: 'the destination is down; it is probed until it answers' },
  misconfigured: { level: 'error', message: 'a setting of the destination is wrong: nothing is sent but a probe every few minutes' },
} as const satisfies Record<Exclude<DestinationState, 'ok' | 'idle'>, { readonly level: 'warn' | 'error'; readonly message: string }>;

export function createHealth(options: HealthOptions, ports: { readonly clock: Clock; readonly logger: Logger }): Health {
  const { output, cursor, deadLetters, gate, window, recorder, stream } = options;
  const { clock, logger } = ports;
  const fields = { mssp_id: stream.msspId, customer_id: stream.customerId, destination: output.name };
  const counts = { delivered: 0, failedAttempts: 0, expired: 0, buried: 0 };
  let state: DestinationState = 'idle';
  let lastError: DestinationStatus['last_error'];
  let lastSuccessMs: number | undefined;
  /** Since it was last well: when that ended on the monotonic clock, and how many attempts had failed before. */
  let away: { readonly sinceMs: number; readonly failedAttempts: number } | undefined;

  function stateNow(): DestinationState {
    if (gate.state === 'held') return 'misconfigured';
    if (gate.state === 'circuit_open') return 'circuit_open';
    if (window.failing() || gate.throttled(clock.monotonic())) return 'retrying';
    return counts.delivered > 0 ? 'ok' : 'idle';
  }

  /** One line in the log and one in the audit for each change for the worse. */
  function worse(unit: Unit, error: DeliveryError): void {
    const before = state;
    state = stateNow();
    if (state === before || state === 'ok' || state === 'idle') return;
    away ??= { sinceMs: clock.monotonic(), failedAttempts: counts.failedAttempts - 1 };
    const { level, message } = TROUBLES[state];
    logger[level]({ ...fields, ...situation(), state, before, error, http_status: error.httpStatus }, message);
    void recorder.change(unit.items[0], {
      deliveryStatus: state === 'circuit_open' ? 'circuit_open' : 'failed',
      attempts: unit.attempts, httpStatus: error.httpStatus,
      message: state === 'misconfigured' ? `held, a setting is wrong: ${error.message}` : error.message,
    });
  }

  /** One line when all is well; the audit has the deliveries themselves. */
  function better(): void {
    const before = state;
    state = stateNow();
    if (state !== 'ok' || away === undefined) return;
    logger.info({ ...fields, ...situation(), state, before, away_seconds: Math.round((clock.monotonic() - away.sinceMs) / 1000) }, 'the destination takes events again');
    away = undefined;
  }

  /** Since it was last well. */
  function situation(): { readonly failed_attempts: number; readonly pending: number } {
    return { failed_attempts: counts.failedAttempts - (away?.failedAttempts ?? 0), pending: cursor.pending() };
  }

  return {
    get state() { return state; },

    succeeded(unit) {
      counts.delivered += unit.size;
      lastSuccessMs = clock.now();
      if (state !== 'ok') better();
    },

    failed(unit, error) {
      counts.failedAttempts++;
      lastError = { message: error.message, ...(error.httpStatus === undefined ? {} : { http_status: error.httpStatus }), at: new Date(clock.now()).toISOString() };
      worse(unit, error);
    },

    expired(count) { counts.expired += count; },
    buried(count) { counts.buried += count; },

    status() {
      const oldest = cursor.oldestPendingTime();
      // Put together without spreads: those take ten times as long, and a site may have thousands of destinations.
      const status: { -readonly [Field in keyof DestinationStatus]: DestinationStatus[Field] } = {
        mssp_id: stream.msspId, customer_id: stream.customerId,
        name: output.name, type: output.type, url: output.url,
        state: stateNow(),
        pending: cursor.pending(),
        oldest_pending_age_seconds: oldest === undefined ? 0 : Math.max(0, (clock.now() - oldest) / 1000),
        delivered: counts.delivered, failed_attempts: counts.failedAttempts, expired: counts.expired,
        dead_lettered: counts.buried, in_flight: options.eventsInFlight(),
        dead: deadLetters.count(),
        lossy: output.lossy,
      };
      if (lastError !== undefined) status.last_error = lastError;
      if (lastSuccessMs !== undefined) status.last_success = new Date(lastSuccessMs).toISOString();
      if (options.stalled()) status.stalled = true;
      return status;
    },
  };
}
