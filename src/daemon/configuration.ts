import type { AuditFields } from '../audit/record.js';
import { changedPaths } from '../config/changes.js';
import type { Config } from '../config/schema.js';
import { ConfigError, describeError, describeProblem, RaxedError } from '../errors.js';
import type { Clock, Logger } from '../ports.js';
import type { EffectiveConfig } from '../tenants/merge.js';
import type { Tenants } from '../tenants/tenants.js';

export interface LoadedConfig {
  readonly config: Config;
  readonly warnings: readonly string[];
  /** Of the file's bytes: whoever reads the file can tell whether it is the one in force. */
  readonly digest?: string;
}

/**
 * The configuration in force: the operator's file and the tenants made with `ctl`, merged. Changes of both are taken
 * up one at a time, whole or not at all; what is wrong with one leaves the last good one in force.
 */
export interface Configuration {
  effective(): EffectiveConfig;
  /** The file alone, as it is in force. */
  file(): Config;
  tenants(): Tenants;
  /** Reads the file again. Throws what is wrong with it; STOPPING after `close`. */
  reload(): Promise<void>;
  /**
   * Changes the tenants made with `ctl`; resolves when the change is durable and in force. Throws what `change` throws,
   * what is wrong with the outcome, or STATE_UNWRITABLE: then nothing has changed.
   */
  change(change: (file: Config, tenants: Tenants) => Tenants): Promise<void>;
  /** Notes in the store what changes nothing in force. Throws STATE_UNWRITABLE. */
  record(change: (tenants: Tenants) => Tenants): Promise<void>;
  /** Begins no more changes; resolves when none is under way. */
  close(): Promise<void>;
  state(): { readonly loadedAt: string; readonly digest: string | undefined; readonly lastError: { readonly message: string; readonly at: string } | undefined; readonly warnings: readonly string[]; readonly reloads: Reloads };
}

/** How often the file was read again since the start. */
export interface Reloads {
  readonly ok: number;
  readonly refused: number;
}

export interface ConfigurationDeps {
  readonly first: LoadedConfig;
  readonly load: () => Promise<LoadedConfig>;
  readonly store: { read(): Tenants; write(tenants: Tenants): Promise<void> };
  /** Throws ConfigError when the two do not go together. */
  readonly merge: (file: Config, tenants: Tenants, mode: 'start' | 'reload') => EffectiveConfig;
  /** Does all that may fail, and throws before anything has changed; what it resolves with puts the configuration in force. */
  readonly prepare: (next: EffectiveConfig) => Promise<() => Promise<void>>;
  readonly note: (fields: AuditFields) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** As many are named in one line of the log. */
const MAX_CHANGES = 50;

export function createConfiguration(deps: ConfigurationDeps): Configuration {
  const { clock, logger, store } = deps;
  const now = (): string => new Date(clock.now()).toISOString();
  let file = deps.first;
  let effective = deps.merge(file.config, store.read(), 'start');
  let loadedAt = now();
  let lastError: { message: string; at: string } | undefined;
  let last: Promise<void> = Promise.resolve();
  const reloads = { ok: 0, refused: 0 };
  let closed = false;

  function inTurn(work: () => Promise<void>): Promise<void> {
    const done = last.then(() => {
      if (closed) throw new RaxedError('STOPPING', 'the daemon is stopping');
      return work();
    });
    last = done.catch(() => undefined);
    return done;
  }

  /** A new file must go together with the tenants made with `ctl`, but for what the file in force does not either. */
  function merged(next: Config): EffectiveConfig {
    const clashes = clashesOf(next);
    const known = new Set(clashesOf(file.config)?.problems.map(({ message }) => message));
    if (clashes?.problems.some(({ message }) => !known.has(message)) === true) throw clashes;
    return deps.merge(next, store.read(), 'start');
  }

  function clashesOf(config: Config): ConfigError | undefined {
    try {
      deps.merge(config, store.read(), 'reload');
      return undefined;
    } catch (error) {
      if (error instanceof ConfigError) return error;
      throw error;
    }
  }

  async function reload(): Promise<void> {
    try {
      const loaded = await deps.load();
      const next = merged(loaded.config);
      const putInForce = await deps.prepare(next);
      const changed = changedIn(next);
      file = loaded;
      effective = next;
      await putInForce();
      loadedAt = now();
      lastError = undefined;
      reloads.ok++;
      logger.info({ ...changed, warnings: loaded.warnings }, 'the configuration was loaded again');
      deps.note({ event: 'loaded' });
    } catch (error) {
      const code = error instanceof RaxedError ? error.code : 'INTERNAL';
      lastError = { message: describeError(error), at: now() };
      reloads.refused++;
      logger.error({ error }, 'the new configuration was refused; the last good one stays in force');
      deps.note({ event: 'refused', code });
      throw error;
    }
  }

  /** How the next configuration differs from the one in force, for the log. */
  function changedIn(next: EffectiveConfig): { readonly changes: number; readonly changed: readonly string[] } {
    const changed = changedPaths(effective.config, next.config);
    return { changes: changed.length, changed: changed.slice(0, MAX_CHANGES) };
  }

  async function change(make: (file: Config, tenants: Tenants) => Tenants): Promise<void> {
    const tenants = make(file.config, store.read());
    // As at a start: a clash that was there before is no reason to refuse another change.
    const next = deps.merge(file.config, tenants, 'start');
    const putInForce = await deps.prepare(next);
    await store.write(tenants);
    const changed = changedIn(next);
    effective = next;
    await putInForce();
    logger.info(changed, 'the tenants made with ctl were changed');
  }

  return {
    effective: () => effective,
    file: () => file.config,
    tenants: () => store.read(),
    reload: () => inTurn(reload),
    change: (make) => inTurn(() => change(make)),
    record: (make) => inTurn(() => store.write(make(store.read()))),
    close() {
      closed = true;
      return last;
    },
    state: () => ({ loadedAt, digest: file.digest, lastError, reloads: { ...reloads }, warnings: [...file.warnings, ...effective.warnings.map(describeProblem)] }),
  };
}
