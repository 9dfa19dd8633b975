/** What the components need from the outside. `platform/node.ts` holds the only real implementations. */

export interface Clock {
  /** Wall clock, milliseconds since the epoch. May jump. */
  now(): number;
  /** Never goes back; milliseconds from an arbitrary start, with a fraction. */
  monotonic(): number;
  /** Resolves after `ms`, or at once when `signal` aborts (it never rejects). Does not keep the process alive. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface Random {
  /** Uniform in [0, 1). */
  float(): number;
  bytes(length: number): Uint8Array;
}

/** Fields come first; they never hold a text that was scanned, nor a secret. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** The daemon's own log. */
export interface DaemonLog extends Logger {
  setLevel(level: LogLevel): void;
  /** The newest lines that were written, oldest first: JSON, each with its time. At most 1,000 and 256 KiB. */
  recent(): readonly string[];
}

/** One open file of the spool. All offsets and lengths are bytes. */
export interface SpoolFile {
  /** Writes at `position`; the result may be less than what was asked for (a short write). */
  write(chunks: readonly Uint8Array[], position: number): Promise<number>;
  /** Fills `buffer` from `position` as far as the file goes; the number of bytes read. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  /** fdatasync(2). */
  datasync(): Promise<void>;
  truncate(length: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/**
 * The file system as the spool sees it, injected so that torn writes, ENOSPC and EIO can be simulated.
 * Errors are Node's, with `code`.
 */
export interface SpoolFiles {
  /** `create`: O_RDWR|O_CREAT|O_EXCL, 0600. `write`: O_RDWR, must exist. `read`: O_RDONLY. */
  open(path: string, mode: 'create' | 'write' | 'read'): Promise<SpoolFile>;
  /** Names in a folder; empty when the folder does not exist. */
  list(folder: string): Promise<string[]>;
  /** Creates a folder and its parents, 0700, and syncs the parents that got an entry. */
  mkdir(folder: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Removes an empty folder. */
  rmdir(folder: string): Promise<void>;
  /** Bytes of a file that need not be opened. */
  size(path: string): Promise<number>;
  rename(from: string, to: string): Promise<void>;
  /** fsync(2) of a folder: makes created, renamed and removed entries durable. */
  syncFolder(folder: string): Promise<void>;
  /** Bytes that this user may still write on the file system of `folder`. */
  freeBytes(folder: string): Promise<number>;
}
