import { unwritable } from '../errors.js';
import type { Logger } from '../ports.js';

/** One JSON file of the state folder. Errors are Node's. */
export interface StateStore {
  /** Its parsed content; undefined when there is none. Rejects SyntaxError when it is no JSON. */
  read(): Promise<unknown>;
  /** Replaces it whole, with the parts one after another, each asked for when the one before it is written; durable when it resolves. */
  write(parts: Iterable<string>): Promise<void>;
  /** Keeps it under another name, which it resolves with. */
  setAside(): Promise<string>;
}

/** Writes a state to its store: at once for those who wait, and not too often for those who do not. */
export interface StateFile {
  /** Durable when it resolves; all that wait share one write. Rejects DISK_FULL or STATE_UNWRITABLE. */
  save(): Promise<void>;
  /** Something changed that nobody waits for: `soon` is written within 5 s, `later` within 30 s. */
  changed(urgency: 'soon' | 'later'): void;
  /** To be called about once a second: writes what is due, without being waited for. */
  tick(monotonicMs: number): void;
  /** The last write failed; it is tried again by itself. */
  readonly failing: boolean;
  /** Writes what is unwritten; a disk that refuses is logged. */
  close(): Promise<void>;
}

const WRITE_WITHIN_MS = { soon: 5_000, later: 30_000 } as const;

export interface StateFileOptions {
  /** For messages: `the agent registry`. */
  readonly what: string;
  readonly store: StateStore;
  /** The state as it is when each part is asked for. */
  readonly parts: () => Iterable<string>;
  readonly logger: Logger;
}

export function createStateFile({ what, store, parts, logger }: StateFileOptions): StateFile {
  let unwritten: 'soon' | 'later' | undefined;
  let queued: Promise<void> | undefined;
  let last: Promise<void> = Promise.resolve();
  let failing = false;
  let lastTickMs: number | undefined;

  async function write(): Promise<void> {
    unwritten = undefined;
    try {
      await store.write(parts());
    } catch (cause) {
      unwritten = 'soon';
      if (!failing) logger.error({ error: cause }, `${what} cannot be written; it is tried again`);
      failing = true;
      throw unwritable(`${what} cannot be written; what changed holds and is tried again, and is lost if the daemon stops before`, cause);
    }
    if (failing) logger.info({}, `${what} is written again`);
    failing = false;
  }

  function save(): Promise<void> {
    if (queued === undefined) {
      const next = last.then(() => { queued = undefined; return write(); });
      queued = next;
      last = next.catch(() => undefined);
    }
    return queued;
  }

  return {
    save,
    changed(urgency) { if (unwritten !== 'soon') unwritten = urgency; },
    tick(monotonicMs) {
      lastTickMs ??= monotonicMs;
      if (unwritten === undefined || monotonicMs - lastTickMs < WRITE_WITHIN_MS[unwritten]) return;
      lastTickMs = monotonicMs;
      save().catch(() => undefined);
    },
    get failing() { return failing; },
    async close() {
      await last;
      if (unwritten !== undefined) await save().catch(() => undefined);
    },
  };
}

/** What a store holds, as far as it can be understood; what cannot is kept aside whole, and logged. Rejects STATE_UNWRITABLE (or DISK_FULL) when it can be neither read nor kept. */
export async function readState<T>(options: { readonly what: string; readonly store: StateStore; readonly logger: Logger; readonly parse: (json: unknown) => { readonly state: T; readonly damaged: boolean } }): Promise<T> {
  const { what, store, logger, parse } = options;
  const refuse = (cause: unknown): never => { throw unwritable(`${what} can be neither read nor kept aside`, cause); };
  let json: unknown;
  let noJson = false;
  try {
    json = await store.read();
  } catch (error) {
    if (!(error instanceof SyntaxError)) return refuse(error);
    noJson = true;
  }
  const { state, damaged } = parse(json);
  if (noJson || damaged) {
    const kept = await store.setAside().catch(refuse);
    logger.error({ kept }, `${what} was damaged; the file is kept, and what could be read of it is used`);
  }
  return state;
}
