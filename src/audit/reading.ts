import { errnoOf, RaxedError } from '../errors.js';

/** Runs what reads the log; a failed system call becomes AUDIT_IO. */
export async function reading<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    throw new RaxedError('AUDIT_IO', `the audit log cannot be read (${errno})`, { cause: error });
  }
}
