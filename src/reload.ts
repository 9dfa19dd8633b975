import type { AuditFields } from './audit/record.js';
import type { Config } from './config/schema.js';
import { describeError, RaxedError } from './errors.js';
import type { Clock, Logger } from './ports.js';

export interface LoadedConfig {
  readonly config: Config;
  readonly warnings: readonly string[];
}

/** Takes up new configurations, one at a time; what is wrong with one leaves the last good one in force. */
export interface Reloader {
  /** Throws what is wrong with the new configuration; STOPPING after `close`. */
  reload(): Promise<void>;
  /** Begins no more reloads; resolves when none is under way. */
  close(): Promise<void>;
  state(): { readonly loadedAt: string; readonly lastError: { readonly message: string; readonly at: string } | undefined; readonly warnings: readonly string[] };
}

export interface ReloaderDeps {
  readonly first: LoadedConfig;
  readonly load: () => Promise<LoadedConfig>;
  /** Builds all that the configuration asks for and puts it in force; throws before anything has changed. */
  readonly install: (config: Config) => Promise<void>;
  readonly note: (fields: AuditFields) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createReloader(deps: ReloaderDeps): Reloader {
  const { clock, logger } = deps;
  const now = (): string => new Date(clock.now()).toISOString();
  let loadedAt = now();
  let lastError: { message: string; at: string } | undefined;
  let { warnings } = deps.first;
  let last: Promise<void> = Promise.resolve();
  let closed = false;

  async function once(): Promise<void> {
    if (closed) throw new RaxedError('STOPPING', 'the daemon is stopping');
    try {
      const loaded = await deps.load();
      await deps.install(loaded.config);
      ({ warnings } = loaded);
      loadedAt = now();
      lastError = undefined;
      logger.info({}, 'configuration loaded');
      deps.note({ event: 'loaded' });
    } catch (error) {
      const code = error instanceof RaxedError ? error.code : 'INTERNAL';
      lastError = { message: describeError(error), at: now() };
      logger.error({ code, problem: lastError.message }, 'the new configuration was refused; the last good one stays in force');
      deps.note({ event: 'refused', code });
      throw error;
    }
  }

  return {
    reload() {
      const done = last.then(once);
      last = done.catch(() => undefined);
      return done;
    },
    close() {
      closed = true;
      return last;
    },
    state: () => ({ loadedAt, lastError, warnings }),
  };
}
