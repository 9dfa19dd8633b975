import { writeSync } from 'node:fs';
import type { Clock, DaemonLog, LogLevel } from '../ports.js';
import { createRecentLines } from './recent-lines.js';

/** As syslog priorities (sd-daemon(3)): the lower, the graver. */
const PRIORITY: Readonly<Record<LogLevel, number>> = { debug: 7, info: 6, warn: 4, error: 3 };

/** What a support bundle may take of the log. */
const RECENT = { maxLines: 1000, maxBytes: 256 * 1024 } as const;

/**
 * One JSON line a message on file descriptor `fd`, written synchronously so that nothing is lost at SIGKILL.
 * Under journald (`journal`) each line carries its priority and leaves the time to journald.
 */
export function createLogger(options: { readonly level: LogLevel; readonly fd: number; readonly journal: boolean; readonly clock: Pick<Clock, 'now'> }): DaemonLog {
  const recent = createRecentLines(RECENT);
  let { level } = options;

  function log(at: LogLevel, fields: object, message: string): void {
    if (PRIORITY[at] > PRIORITY[level]) return;
    const line = JSON.stringify({ level: at, message, ...fields });
    const timed = `{"time":"${new Date(options.clock.now()).toISOString()}",${line.slice(1)}`;
    recent.add(timed);
    writeLine(options.fd, options.journal ? `<${PRIORITY[at]}>${line}\n` : `${timed}\n`);
  }

  return {
    debug: (fields, message) => { log('debug', fields, message); },
    info: (fields, message) => { log('info', fields, message); },
    warn: (fields, message) => { log('warn', fields, message); },
    error: (fields, message) => { log('error', fields, message); },
    setLevel: (wanted) => { level = wanted; },
    recent: () => recent.list(),
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
