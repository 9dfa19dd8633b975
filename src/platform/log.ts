import { pino, symbols } from 'pino';
import type { Clock, DaemonLog, LogLevel } from '../ports.js';
import { createLineWriter } from './line-writer.js';
import { loggableFields } from './log-fields.js';
import { createLogLimit } from './log-limit.js';
import { createRecentLines } from './recent-lines.js';

/** pino's levels as syslog priorities (sd-daemon(3)): debug 7; info 6; warn 4; error 3; fatal 2. */
const PRIORITY: Readonly<Record<number, number>> = { 20: 7, 30: 6, 40: 4, 50: 3, 60: 2 };

/** What a support bundle may take of the log. */
const RECENT = { maxLines: 1000, maxBytes: 256 * 1024 } as const;
const LIMIT = { windowMs: 30_000, most: 10, maxKinds: 1000 } as const;
/** The fields that say what a message is about: each destination has its own limit. */
const ABOUT = new Set(['mssp_id', 'customer_id', 'destination']);
const MAX_WAITING_BYTES = 64 * 1024;
const FLUSH_MS = 500;
/** JSON leaves these alone: DEL and C1, which terminals obey; line separators; marks that turn a line's direction. */
const UNSEEN = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** The log of a process, of which the daemon's is the greater part. */
export interface ProcessLog extends DaemonLog {
  /** The last line before the process ends by something that nobody foresaw. */
  fatal(fields: object, message: string): void;
  /** Says what was held back so far. */
  flush(): void;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** Where the lines go. */
  readonly fd: number;
  /** Whether that is journald: each line then carries its priority and leaves the time to journald. */
  readonly journal: boolean;
}

/**
 * One JSON line a message, written before the call returns, so that nothing is lost at SIGKILL. What repeats itself is written ten
 * times in 30 s and then counted; the count follows at their end. What fields may show is up to `loggableFields`.
 */
export function createLogger(options: LogOptions, clock: Clock): ProcessLog {
  const recent = createRecentLines(RECENT);
  const limit = createLogLimit(LIMIT);
  const { fd, journal } = options;
  const writer = createLineWriter({
    fd, maxWaiting: MAX_WAITING_BYTES,
    onLost: (count) => `${journal ? '<4>' : ''}{"level":"warn","msg":"lines of this log were lost: nobody read them","lines":${count}}\n`,
  }, clock);
  const destination = {
    [symbols.needsMetadataGsym]: true as const,
    lastLevel: 30,
    write(line: string): void {
      const escaped = line.replace(UNSEEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
      recent.add(escaped.trimEnd());
      writer.write(journal ? `<${PRIORITY[this.lastLevel] ?? 6}>${escaped.replace(/"time":"[^"]*",/, '')}` : escaped);
    },
  };
  const logger = pino({
    level: options.level, base: null, timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
    formatters: { level: (label) => ({ level: label }), log: loggableFields },
  }, destination);
  let waiting = false;

  function log(level: LogLevel, fields: object, message: string): void {
    if (!logger.isLevelEnabled(level)) return;
    const nowMs = clock.monotonic();
    sayHeldBack(nowMs);
    if (limit.admits({ level, message, about: aboutOf(fields) }, nowMs)) logger[level](fields, message);
    else if (!waiting) void sayInTime();
  }

  function sayHeldBack(nowMs: number): void {
    for (const { kind, times } of limit.ended(nowMs)) logger[kind.level]({ ...kind.about, times }, `${kind.message}: said ${times} more times`);
  }

  async function sayInTime(): Promise<void> {
    waiting = true;
    for (let dueMs = limit.dueMs; dueMs !== undefined; dueMs = limit.dueMs) {
      await clock.sleep(dueMs - clock.monotonic());
      sayHeldBack(clock.monotonic());
    }
    waiting = false;
  }

  return {
    debug: (fields, message) => { log('debug', fields, message); },
    info: (fields, message) => { log('info', fields, message); },
    warn: (fields, message) => { log('warn', fields, message); },
    error: (fields, message) => { log('error', fields, message); },
    fatal: (fields, message) => { logger.fatal(fields, message); },
    setLevel: (level) => { logger.level = level; },
    recent: () => recent.list(),
    flush() {
      sayHeldBack(Infinity);
      writer.flush(FLUSH_MS);
    },
  };
}

function aboutOf(fields: object): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, string] => ABOUT.has(entry[0]) && typeof entry[1] === 'string'));
}
