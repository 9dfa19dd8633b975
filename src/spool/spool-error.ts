import { errnoOf, RaxedError } from '../errors.js';

/** A failed system call as the spool's callers see it: SPOOL_IO with the errno in its message. */
export function spoolError(action: 'read' | 'write', error: unknown): RaxedError {
  return error instanceof RaxedError ? error : new RaxedError('SPOOL_IO', `cannot ${action} the spool (${errnoOf(error) ?? 'unknown error'})`, { cause: error });
}
