import { writeSync } from 'node:fs';
import { pino, symbols } from 'pino';
import type { Logger } from '../ports.js';

/** pino's levels as syslog priorities (sd-daemon(3)): trace, debug 7; info 6; warn 4; error 3; fatal 2. */
const PRIORITY: Readonly<Record<number, number>> = { 10: 7, 20: 7, 30: 6, 40: 4, 50: 3, 60: 2 };

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LeveledLogger extends Logger {
  setLevel(level: LogLevel): void;
}

/**
 * One JSON line a message on file descriptor `fd`, written synchronously so that nothing is lost at SIGKILL.
 * Under journald (`journal`) each line carries its priority and leaves the time to journald.
 */
export function createLogger(options: { level: LogLevel; fd: number; journal: boolean }): LeveledLogger {
  const journalDestination = {
    [symbols.needsMetadataGsym]: true as const,
    lastLevel: 30,
    write(line: string): void { writeLine(options.fd, `<${PRIORITY[this.lastLevel] ?? 6}>${line}`); },
  };
  const plainDestination = { write(line: string): void { writeLine(options.fd, line); } };
  const logger = pino(
    { level: options.level, base: null, timestamp: options.journal ? false : pino.stdTimeFunctions.isoTime },
    options.journal ? journalDestination : plainDestination,
  );
  return {
    debug: (fields, message) => { logger.debug(fields, message); },
    info: (fields, message) => { logger.info(fields, message); },
    warn: (fields, message) => { logger.warn(fields, message); },
    error: (fields, message) => { logger.error(fields, message); },
    setLevel(level) { logger.level = level; },
  };
}

/** A log that cannot be written (a closed pipe, a full disk) must not stop the daemon. */
function writeLine(fd: number, line: string): void {
  try {
    writeSync(fd, line);
  } catch {
    // There is no other place to report it.
  }
}
