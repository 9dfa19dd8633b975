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

export function createHealth(options: HealthOptions, ports: { readonly clock: Clock; readonly logger: Logger }): Health {
  const { output, cursor, deadLetters, gate, window, recorder, stream } = options;
  const { clock, logger } = ports;
  const fields = { mssp_id: stream.msspId, customer_id: stream.customerId, destination: output.name };
  const counts = { delivered: 0, failedAttempts: 0, expired: 0, buried: 0 };
  let state: DestinationState = 'idle';
  let lastError: DestinationStatus['last_error'];
  let lastSuccessMs: number | undefined;

  function stateNow(): DestinationState {
    if (gate.state === 'held') return 'misconfigured';
    if (gate.state === 'circuit_open') return 'circuit_open';
    if (window.failing() || gate.throttled(clock.monotonic())) return 'retrying';
    return counts.delivered > 0 ? 'ok' : 'idle';
  }

  /** One audit line for each change for the worse; the deliveries themselves tell of the change for the better. */
  function change(unit: Unit, error: DeliveryError | undefined): void {
    const before = state;
    state = stateNow();
    if (state === before) return;
    if (state === 'ok' || state === 'idle') {
      if (before !== 'idle') logger.info({ ...fields, before }, 'the destination takes events again');
      return;
    }
    const message = error?.message ?? '';
    logger.warn({ ...fields, state, error: message, http_status: error?.httpStatus }, 'the destination does not take events');
    void recorder.change(unit.items[0], {
      deliveryStatus: state === 'circuit_open' ? 'circuit_open' : 'failed',
      attempts: unit.attempts, httpStatus: error?.httpStatus,
      message: state === 'misconfigured' ? `held, a setting is wrong: ${message}` : message,
    });
  }

  return {
    get state() { return state; },

    succeeded(unit) {
      counts.delivered += unit.size;
      lastSuccessMs = clock.now();
      if (state !== 'ok') change(unit, undefined);
    },

    failed(unit, error) {
      counts.failedAttempts++;
      lastError = { message: error.message, ...(error.httpStatus === undefined ? {} : { http_status: error.httpStatus }), at: new Date(clock.now()).toISOString() };
      change(unit, error);
    },

    expired(count) { counts.expired += count; },
    buried(count) { counts.buried += count; },

    status() {
      const oldest = cursor.oldestPendingTime();
      return {
        name: output.name, type: output.type, url: output.url,
        state: stateNow(),
        pending: cursor.pending(),
        oldest_pending_age_seconds: oldest === undefined ? 0 : Math.max(0, (clock.now() - oldest) / 1000),
        delivered: counts.delivered, failed_attempts: counts.failedAttempts, expired: counts.expired,
        dead_lettered: counts.buried, in_flight: options.eventsInFlight(),
        dead: deadLetters.count(),
        ...(lastError === undefined ? {} : { last_error: lastError }),
        ...(lastSuccessMs === undefined ? {} : { last_success: new Date(lastSuccessMs).toISOString() }),
        lossy: output.lossy,
        ...(options.stalled() ? { stalled: true } : {}),
      };
    },
  };
}
