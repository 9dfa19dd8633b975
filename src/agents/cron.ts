import { ConfigError } from '../errors.js';
import type { Logger } from '../ports.js';

/** A job that runs at the times of a cron expression until it is stopped. */
export interface CronJob {
  /** From one run to the next, as it is now. */
  readonly periodMs: number;
  /** From now to its next run; Infinity when there is none. */
  untilNextMs(): number;
  stop(): void;
}

export interface CronScheduler {
  /** node-cron's syntax: five fields, or six with seconds. Throws ConfigError at /agent/heartbeat_cron when it is not. */
  schedule(expression: string, run: () => void): Promise<CronJob>;
}

/** For expressions that run once and never again. */
const FALLBACK_PERIOD_MS = 60_000;

/** The real one. node-cron is loaded with the first job; what it has to say goes to `logger` and never to the console. */
export function createCronScheduler(logger: Logger): CronScheduler {
  const quiet = {
    info: (said: string) => { logger.debug({ said }, 'the schedule of the heartbeats'); },
    debug: () => undefined,
    warn: (said: string) => { logger.debug({ said }, 'the schedule of the heartbeats'); },
    error: (problem: string | Error) => { logger.warn({ error: problem }, 'the schedule of the heartbeats has a problem'); },
  };
  return {
    async schedule(expression, run) {
      const { createTask, setLogger, validate } = await import('node-cron');
      setLogger(quiet);
      if (!validate(expression)) throw invalid();
      const task = createTask(expression, run, { logger: quiet, suppressMissedWarning: true, unref: true });
      const [first, second] = task.getNextRuns(2);
      if (first === undefined) {
        await task.destroy();
        throw invalid();
      }
      await task.start();
      return {
        periodMs: second === undefined ? FALLBACK_PERIOD_MS : second.getTime() - first.getTime(),
        untilNextMs: () => task.msToNext() ?? Infinity,
        stop: () => { void task.destroy(); },
      };
    },
  };
}

function invalid(): ConfigError {
  return new ConfigError('CONFIG_INVALID', [{ pointer: '/agent/heartbeat_cron', message: 'expected a cron expression of five fields, or six with seconds, that has a next run' }]);
}
