import type { DeliveryLoop } from '../delivery/loop.js';
import type { DestinationStatus } from '../delivery/outcome.js';
import type { StreamId } from '../spool/spool.js';
import type { Logger } from '../ports.js';

/** One destination as the configuration wants it. */
export interface DestinationPlan {
  readonly stream: StreamId;
  /** `webhook`, or the SIEM's name. */
  readonly name: string;
  /** Two plans with the same fingerprint are served by the same loop. Holds hashes, no secrets. */
  readonly fingerprint: string;
  /** Starts delivering; called once the loop that it replaces has ended. */
  start(): Promise<StartedLoop>;
}

export interface StartedLoop {
  readonly loop: DeliveryLoop;
  /** Gives up what the loop held, its output and its cursor, once it has stopped. */
  release(): Promise<void>;
}

/** Keeps the running delivery loops equal to the configuration. Calls are carried out one after another. */
export interface Destinations {
  apply(plans: readonly DestinationPlan[]): Promise<void>;
  statuses(): DestinationStatus[];
  /** Sends at once what waits for a batch to be full. */
  flush(streams: readonly StreamId[]): void;
  /** The running loop of a destination. */
  loop(of: Pick<DestinationPlan, 'stream' | 'name'>): DeliveryLoop | undefined;
  /** The oldest sign of life of all loops, on the monotonic clock; `now` when there is none. */
  oldestTurn(now: number): number;
  /** Delivers for at most `drainMs` more, then stops all. */
  stop(drainMs: number): Promise<void>;
}

interface Running extends StartedLoop {
  readonly plan: DestinationPlan;
}

export function createDestinations(logger: Logger): Destinations {
  const running = new Map<string, Running>();
  let last: Promise<void> = Promise.resolve();

  function inTurn(work: () => Promise<void>): Promise<void> {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  }

  async function replace(key: string, plan: DestinationPlan | undefined): Promise<void> {
    const old = running.get(key);
    if (old !== undefined && old.plan.fingerprint === plan?.fingerprint) {
      old.loop.kick();
      return;
    }
    if (old !== undefined) {
      await end(old, 0);
      running.delete(key);
    }
    if (plan === undefined) return;
    running.set(key, { plan, ...await plan.start() });
    logger.debug({ mssp_id: plan.stream.msspId, customer_id: plan.stream.customerId, destination: plan.name }, 'delivering');
  }

  return {
    apply: (plans) => inTurn(async () => {
      const wanted = new Map(plans.map((plan) => [keyOf(plan), plan]));
      const keys = new Set([...running.keys(), ...wanted.keys()]);
      const before = new Set(running.values());
      const results = await Promise.allSettled([...keys].map((key) => replace(key, wanted.get(key))));
      const now = [...running.values()];
      const started = now.filter((each) => !before.has(each)).length;
      const ended = before.size + started - now.length;
      if (started + ended > 0) logger.info({ started, ended, running: now.length }, 'deliveries were started or ended as the configuration says');
      const failed = results.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    }),
    statuses: () => Array.from(running.values(), ({ loop }) => loop.status()),
    flush(streams) {
      for (const { plan: { stream }, loop } of running.values()) {
        if (streams.some(({ msspId, customerId }) => stream.msspId === msspId && stream.customerId === customerId)) loop.flush();
      }
    },
    loop: (of) => running.get(keyOf(of))?.loop,
    oldestTurn: (now) => Math.min(now, ...[...running.values()].map(({ loop }) => loop.lastTurn)),
    stop: (drainMs) => inTurn(async () => {
      await Promise.all([...running.values()].map((each) => end(each, drainMs)));
      running.clear();
    }),
  };
}

async function end({ loop, release }: Running, drainMs: number): Promise<void> {
  await loop.stop(drainMs);
  await release();
}

function keyOf({ stream, name }: Pick<DestinationPlan, 'stream' | 'name'>): string {
  return `${stream.msspId}/${stream.customerId}/${name}`;
}
