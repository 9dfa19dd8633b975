import type { Clock, Logger } from '../ports.js';
import type { Retention } from './retention.js';

/** What is looked after every few seconds, and what was too large for one look is looked for again soon. */
const TICK_MS = 5000;
/** How often what is too old is looked for. */
const EXPIRY_MS = 600_000;

export interface HousekeepingDeps {
  /** Each in turn, every few seconds. */
  readonly tick: readonly (() => Promise<void> | void)[];
  readonly retention: Retention;
  readonly cleanAudit: () => Promise<unknown>;
  readonly stopping: AbortSignal;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Begins a few seconds after it is called; resolves when `stopping` is aborted and what runs has ended. */
export async function keepHouse({ tick, retention, cleanAudit, stopping, clock, logger }: HousekeepingDeps): Promise<void> {
  async function repeat(everyMs: number, work: () => Promise<void>): Promise<void> {
    for (let waitMs = TICK_MS; ; waitMs = everyMs) {
      await clock.sleep(waitMs, stopping);
      if (stopping.aborted) return;
      await work().catch((error: unknown) => { logger.error({ error }, 'housekeeping failed; it is tried again'); });
    }
  }
  await Promise.all([
    repeat(TICK_MS, async () => { for (const each of tick) await each(); }),
    repeat(EXPIRY_MS, async () => {
      while (!await retention.run() && !stopping.aborted) await clock.sleep(TICK_MS, stopping);
      await cleanAudit();
    }),
  ]);
}
