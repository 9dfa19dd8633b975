import type { LogLevel } from '../ports.js';

const OTHERS = 'other messages';

/** Lines that say the same of the same. */
export interface Kind {
  readonly level: LogLevel;
  readonly message: string;
  /** What the message is about, such as one destination. */
  readonly about: Readonly<Record<string, string>>;
}

/** How often lines of a kind were not written. */
export interface HeldBack {
  readonly kind: Kind;
  readonly times: number;
}

/**
 * Of each kind of line the first `most` of a window are written, and the rest are counted: whoever writes asks `ended`
 * for the counts when `dueMs` has come, and says them. A window begins with the first line of its kind.
 */
export interface LogLimit {
  /** Whether a line is written; else it is counted. Windows that are over must have been taken with `ended`. */
  admits(kind: Kind, nowMs: number): boolean;
  /** Closes the windows that are over, and returns what they held back, in order of their beginnings. `Infinity` closes all. */
  ended(nowMs: number): HeldBack[];
  /** When the next window ends that holds something back; undefined when none does. */
  readonly dueMs: number | undefined;
}

export interface LogLimitOptions {
  readonly windowMs: number;
  readonly most: number;
  /** Kinds that are told apart; all that are more at a time are one kind for each level. */
  readonly maxKinds: number;
}

interface Window {
  readonly kind: Kind;
  readonly endMs: number;
  lines: number;
}

/** `nowMs` is monotonic. */
export function createLogLimit({ windowMs, most, maxKinds }: LogLimitOptions): LogLimit {
  // All windows are equally long: the order in which they were put in is that in which they end.
  const windows = new Map<string, Window>();

  function open(kind: Kind, nowMs: number): Window {
    const name = nameOf(kind);
    const known = windows.get(name);
    if (known !== undefined) return known;
    if (windows.size >= maxKinds && kind.message !== OTHERS) return open({ level: kind.level, message: OTHERS, about: {} }, nowMs);
    const window = { kind, endMs: nowMs + windowMs, lines: 0 };
    windows.set(name, window);
    return window;
  }

  return {
    admits: (kind, nowMs) => ++open(kind, nowMs).lines <= most,
    ended(nowMs) {
      const heldBack: HeldBack[] = [];
      for (const [name, { kind, endMs, lines }] of windows) {
        if (endMs > nowMs) break;
        windows.delete(name);
        if (lines > most) heldBack.push({ kind, times: lines - most });
      }
      return heldBack;
    },
    get dueMs() { return [...windows.values()].find(({ lines }) => lines > most)?.endMs; },
  };
}

function nameOf({ level, message, about }: Kind): string {
  return [level, message, ...Object.values(about)].join('\n');
}
