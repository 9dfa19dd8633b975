import { createHash } from 'node:crypto';
import { describeError } from '../errors.js';
import type { AgentInfo, HeartbeatPayload } from '../event/event.js';
import { withoutText, type FilteredEvent } from '../event/privacy.js';
import type { Clock, Logger } from '../ports.js';
import type { ScanCounters } from './counters.js';
import type { CronJob, CronScheduler } from './cron.js';

export interface HeartbeatOptions {
  readonly cron: string;
  readonly agentId: string;
  readonly msspId: string;
  readonly customerId: string;
  readonly agent: AgentInfo;
}

export interface HeartbeatDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly scheduler: CronScheduler;
  /** `evt_` and a ULID. */
  readonly createId: () => string;
  /** Resolves when the webhook took it. The signal aborts when the heartbeat is stopped meanwhile. */
  readonly send: (event: FilteredEvent, signal: AbortSignal) => Promise<void>;
  readonly counters: ScanCounters;
  readonly uptimeSeconds: () => number;
  /** Resident memory. */
  readonly memoryMb: () => number;
  readonly queue: () => HeartbeatPayload['queue'];
  readonly destinations: () => HeartbeatPayload['destinations'];
  readonly warnings: () => readonly string[];
}

/**
 * Sends a heartbeat at the start, at the times of its cron expression (plus a delay that is the same for an agent each
 * time, so that a fleet does not beat as one), and at a clean stop. At most one is under way; what could not be sent is
 * never queued, its counts go into the next one. A run that does not come, because the process stood still or the wall
 * clock was set back, is made up for and said in the next heartbeat.
 */
export interface Heartbeat {
  /** Throws ConfigError when the cron expression is none; then nothing runs. */
  start(): Promise<void>;
  /**
   * Ends it. With `farewell` a last one says "stopping", and is cut off after 3 s. Without, nothing more is sent: another
   * heartbeat of the same agent takes over, with the same counters. What was not delivered has been given back to them
   * when it resolves. Safe twice and without `start`.
   */
  stop(options: { readonly farewell: boolean }): Promise<void>;
  /** Of the last one that arrived: milliseconds since the epoch. */
  readonly lastSuccess: number | undefined;
  readonly lastError: string | undefined;
}

const MAX_JITTER_MS = 30_000;
const FAREWELL_TIMEOUT_MS = 3_000;

/** Uniform over agents, below half a period and 30 s, and always the same for one agent. */
export function jitterMs(agentId: string, periodMs: number): number {
  const share = createHash('sha256').update(agentId, 'utf8').digest().readUInt32BE(0) / 2 ** 32;
  return Math.floor(share * Math.min(MAX_JITTER_MS, periodMs / 2));
}

export function createHeartbeat(options: HeartbeatOptions, deps: HeartbeatDeps): Heartbeat {
  const { clock, logger, counters } = deps;
  const about = { mssp_id: options.msspId, customer_id: options.customerId, agent_id: options.agentId };
  let job: CronJob | undefined;
  let state: 'new' | 'running' | 'stopped' = 'new';
  let wanted = false;
  let sending: Promise<void> | undefined;
  let lastSuccess: number | undefined;
  let lastError: string | undefined;
  let missed = 0;
  let ranAtMs = 0;
  let untilNextMs = 0;
  const stopping = new AbortController();

  async function beat(status: HeartbeatPayload['status'], signal: AbortSignal): Promise<void> {
    const taken = counters.take();
    const totals = counters.totals();
    const missedBefore = missed;
    missed = 0;
    try {
      const event = withoutText({
        event_type: 'heartbeat',
        event_id: deps.createId(),
        timestamp: new Date(clock.now()).toISOString(),
        payload: {
          mssp_id: options.msspId,
          customer_id: options.customerId,
          agent_id: options.agentId,
          status,
          uptime_seconds: Math.floor(deps.uptimeSeconds()),
          scans_since_last_heartbeat: taken.scans,
          threats_since_last_heartbeat: taken.threats,
          scans_total: totals.scans,
          threats_total: totals.threats,
          memory_mb: Math.round(deps.memoryMb() * 10) / 10,
          agent: options.agent,
          queue: deps.queue(),
          destinations: deps.destinations(),
          warnings: [...deps.warnings(), ...(missedBefore === 0 ? [] : [`${missedBefore} heartbeats were not sent when they were due`])],
        },
      });
      await deps.send(event, signal);
      lastSuccess = clock.now();
      if (lastError !== undefined) logger.info(about, 'heartbeats are delivered again');
      lastError = undefined;
    } catch (error) {
      counters.restore(taken);
      missed += missedBefore;
      if (lastError === undefined) logger.warn({ ...about, error }, 'heartbeats are not delivered; the next one that is carries their counts');
      lastError = describeError(error);
    }
  }

  /** Many wishes while one is under way become one: only the newest matters. */
  function want(): void {
    wanted = true;
    sending ??= drain();
  }

  async function drain(): Promise<void> {
    while (wanted && state === 'running') {
      wanted = false;
      await beat('online', stopping.signal);
    }
    sending = undefined;
  }

  function ran(): void {
    ranAtMs = clock.monotonic();
    untilNextMs = job?.untilNextMs() ?? Infinity;
  }

  /** node-cron goes by the wall clock and leaves out what it is late for; this goes by the monotonic one. */
  async function watch(periodMs: number): Promise<void> {
    while (state === 'running') {
      const silentMs = clock.monotonic() - ranAtMs;
      const lateAfterMs = untilNextMs + Math.max(untilNextMs, periodMs) / 2;
      if (silentMs < lateAfterMs) {
        await clock.sleep(lateAfterMs - silentMs, stopping.signal);
        continue;
      }
      const count = Math.max(1, Math.floor(silentMs / Math.max(untilNextMs, periodMs)));
      logger.warn({ ...about, missed: count }, 'heartbeats were not sent when they were due');
      missed += count;
      ranAtMs = clock.monotonic();
      want();
    }
  }

  return {
    async start() {
      if (state !== 'new') return;
      let delayMs = 0;
      const made = await deps.scheduler.schedule(options.cron, () => {
        ran();
        void clock.sleep(delayMs, stopping.signal).then(() => { if (state === 'running') want(); });
      });
      if (stopping.signal.aborted) { made.stop(); return; }
      job = made;
      delayMs = jitterMs(options.agentId, made.periodMs);
      state = 'running';
      ran();
      void watch(made.periodMs);
      want();
    },
    async stop({ farewell }) {
      if (stopping.signal.aborted) return;
      const wasRunning = state === 'running';
      state = 'stopped';
      stopping.abort();
      job?.stop();
      if (!wasRunning) return;
      const late = new AbortController();
      const last = (async () => {
        await sending; // its counts come back first
        if (farewell) await beat('stopping', late.signal);
      })();
      const done = new AbortController();
      void clock.sleep(FAREWELL_TIMEOUT_MS, done.signal).then(() => { late.abort(); });
      await last;
      done.abort();
    },
    get lastSuccess() { return lastSuccess; },
    get lastError() { return lastError; },
  };
}
