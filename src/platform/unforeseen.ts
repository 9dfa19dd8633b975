import { loggableError } from './log-fields.js';
import type { ProcessLog } from './log.js';

/**
 * From now on an error that nobody caught ends the process with `exitCode` and one line in the log. Node would write
 * several, which quote the values that the error is about. Node's own warnings become lines of the log, too.
 */
export function logUnforeseen(log: ProcessLog, exitCode: number): void {
  const end = (error: unknown): void => {
    log.fatal({ error: loggableError(error) }, 'an error that nobody foresaw: the process ends');
    log.flush();
    process.exit(exitCode);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
  // Node's listener, which prints.
  process.removeAllListeners('warning');
  process.on('warning', (error) => { log.warn({ error }, 'a warning by Node'); });
}
