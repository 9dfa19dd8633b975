/**
 * Every error that raxed shows to somebody has a stable code from this table.
 * `exit` is the process exit code (README, "Exit codes"), `http` the status on the sockets,
 * `advice` the sentence that tells the reader what to do next.
 */
export const ERROR_CODES = {
  CONFIG_INVALID: { exit: 3, http: 422, advice: 'Correct the configuration file; `raxed config check` shows what is wrong.' },
  CONFIG_UNREADABLE: { exit: 3, http: 500, advice: 'Check that the file exists and that the daemon may read it.' },
  SECRET_UNAVAILABLE: { exit: 3, http: 422, advice: 'Check the secret\'s file, environment variable or credential.' },
  RULE_INVALID: { exit: 3, http: 422, advice: 'Correct or remove the rule; `raxed rules check` shows what is wrong.' },
  SOCKET_PATH_TOO_LONG: { exit: 3, http: 500, advice: 'Choose a socket path of at most 107 bytes.' },
  BAD_REQUEST: { exit: 2, http: 400, advice: 'Correct the request and send it again.' },
  USAGE: { exit: 2, http: 400, advice: 'See `raxed --help`.' },
  UNKNOWN_METHOD: { exit: 2, http: 404, advice: 'See the list of methods in the README.' },
  FORBIDDEN: { exit: 2, http: 403, advice: 'Use the control socket, or ask the operator to allow it.' },
  MSSP_NOT_FOUND: { exit: 3, http: 404, advice: 'List the MSSPs with `raxed ctl mssp list`.' },
  CUSTOMER_NOT_FOUND: { exit: 3, http: 404, advice: 'List the customers with `raxed ctl customer list --mssp ID`.' },
  RULE_NOT_FOUND: { exit: 3, http: 404, advice: 'See `raxed ctl rules list` and `raxed ctl rules suppressions`.' },
  AGENT_NOT_FOUND: { exit: 3, http: 404, advice: 'List the agents with `raxed ctl agent list --mssp ID`.' },
  SIEM_NOT_FOUND: { exit: 3, http: 404, advice: 'List the SIEMs with `raxed ctl customer siem show CUSTOMER --mssp ID`.' },
  DESTINATION_NOT_FOUND: { exit: 3, http: 404, advice: 'List the destinations with `raxed ctl status`.' },
  DEAD_LETTER_NOT_FOUND: { exit: 3, http: 404, advice: 'List the dead letters with `raxed ctl spool dead list`.' },
  ALREADY_EXISTS: { exit: 2, http: 409, advice: 'Choose another id, or configure the one that exists.' },
  LIMIT_REACHED: { exit: 2, http: 409, advice: 'Choose a larger tier, max_customers or edition, or delete what is no longer needed.' },
  MANAGED_BY_FILE: { exit: 2, http: 409, advice: 'Edit that file; the daemon takes the change up by itself.' },
  AGENT_AMBIGUOUS: { exit: 2, http: 409, advice: 'Say which one with --mssp and --customer.' },
  CONFIRMATION_REQUIRED: { exit: 2, http: 409, advice: 'Run it in a terminal and answer, or say --force.' },
  UNAUTHORIZED: { exit: 2, http: 401, advice: 'Send the token of control.http as `Authorization: Bearer TOKEN`.' },
  TENANT_REQUIRED: { exit: 2, http: 400, advice: 'Give mssp_id and customer_id, or set `agent` in the configuration, or use dry_run.' },
  TOO_LARGE: { exit: 2, http: 413, advice: 'Send less text, or raise scanner.max_text_bytes.' },
  REQUEST_TIMEOUT: { exit: 4, http: 408, advice: 'Send the whole request within 10 seconds.' },
  BUSY: { exit: 4, http: 503, advice: 'Try again after the time in Retry-After.' },
  STOPPING: { exit: 4, http: 503, advice: 'The daemon is stopping; try again when it has started.' },
  SPOOL_FULL: { exit: 4, http: 503, advice: 'Free disk space or raise spool.max_bytes; `raxed ctl status` shows what waits.' },
  SPOOL_DAMAGED: { exit: 4, http: 500, advice: 'The damaged file was set aside as .bad; everything readable was recovered.' },
  SPOOL_IO: { exit: 4, http: 503, advice: 'Check the disk that holds the state folder.' },
  AUDIT_IO: { exit: 4, http: 503, advice: 'Check the disk that holds the state folder; deliveries wait meanwhile.' },
  STATE_LOCKED: { exit: 4, http: 500, advice: 'Stop the other daemon, or give this one its own state_dir.' },
  DISK_FULL: { exit: 4, http: 503, advice: 'Free space on the disk that holds the state folder.' },
  STATE_UNWRITABLE: { exit: 4, http: 500, advice: 'Make the state folder writable for the user that runs raxed.' },
  SOCKET_IN_USE: { exit: 4, http: 500, advice: 'Stop the other daemon, or choose another control.socket.' },
  PORT_IN_USE: { exit: 4, http: 500, advice: 'Stop the program that holds the port, or choose another one.' },
  DRAIN_TIMEOUT: { exit: 4, http: 504, advice: 'Nothing was deleted. See `raxed ctl status` for what waits; try again, or delete without --drain.' },
  AUDIT_DAMAGED: { exit: 4, http: 500, advice: 'Keep a copy of the audit folder, and find out who could write to it.' },
  DELIVERY_FAILED: { exit: 4, http: 502, advice: 'Check the destination\'s URL, secret and reachability.' },
  SCAN_FAILED: { exit: 4, http: 500, advice: 'Report this with the output of `raxed ctl status --json`.' },
  OUTPUT_FAILED: { exit: 4, http: 500, advice: 'Check where the output goes: the folder must be there and writable, the disk not full.' },
  THREAT_BLOCKED: { exit: 1, http: 403, advice: 'Do not pass the text on.' },
  PROTOCOL_MISMATCH: { exit: 5, http: 502, advice: 'Install the same version of raxed on both sides, and restart the daemon.' },
  CLIENT_CLOSED: { exit: 4, http: 500, advice: 'Make a new client.' },
  DAEMON_UNREACHABLE: { exit: 5, http: 502, advice: 'Start the daemon, or give its socket with --socket.' },
  INTERNAL: { exit: 4, http: 500, advice: 'Report this with the output of `raxed ctl status --json`.' },
} as const satisfies Record<string, { exit: number; http: number; advice: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** An error with a stable code. `message` never holds a secret, a prompt or a value that the caller sent. */
export class RaxedError extends Error {
  override readonly name: string = 'RaxedError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  get exitCode(): number { return ERROR_CODES[this.code].exit; }
  get httpStatus(): number { return ERROR_CODES[this.code].http; }
  get advice(): string { return ERROR_CODES[this.code].advice; }
}

/** One thing that is wrong with a configuration: where (JSON pointer, RFC 6901), and what. */
export interface ConfigProblem {
  readonly pointer: string;
  readonly message: string;
}

/** A problem or a warning in one line. */
export function describeProblem({ pointer, message }: ConfigProblem): string {
  return pointer === '' ? message : `${pointer}: ${message}`;
}

/** A configuration that was refused as a whole; `problems` lists all that is wrong with it. */
export class ConfigError extends RaxedError {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(code: 'CONFIG_INVALID' | 'CONFIG_UNREADABLE' | 'SECRET_UNAVAILABLE' | 'RULE_INVALID' | 'SOCKET_PATH_TOO_LONG', problems: readonly ConfigProblem[], options?: { cause?: unknown }) {
    super(code, problems.map(describeProblem).join('; '), options);
    this.problems = problems;
  }
}

/** The errno code (`ENOSPC`, `ECONNRESET`, …) of an error from Node, else undefined. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}

/** Whether the disk, or the user's part of it, is full. */
export function isNoSpace(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** For what the state folder does not take: DISK_FULL where it is room that is missing, else STATE_UNWRITABLE. */
export function unwritable(what: string, cause: unknown): RaxedError {
  return new RaxedError(isNoSpace(cause) ? 'DISK_FULL' : 'STATE_UNWRITABLE', `${what} (${errnoOf(cause) ?? describeError(cause)})`, { cause });
}

/** A short text for any thrown value: its message. */
export function describeError(error: unknown): string {
  if (error instanceof Error) return error.message;
  return 'unknown error';
}
