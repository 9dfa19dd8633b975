import { spawn } from 'node:child_process';
import type { Logger } from '../ports.js';

/**
 * Tells systemd how the service is (sd_notify(3)), through the program `systemd-notify`: Node cannot send datagrams on
 * unix sockets. The unit needs NotifyAccess=all, because the messages come from a child process.
 */
export interface Notifier {
  /** False without NOTIFY_SOCKET: then every call does nothing. */
  readonly enabled: boolean;
  /** Half of what the unit's WatchdogSec asks for; undefined when it asks for nothing. */
  readonly watchdogIntervalMs: number | undefined;
  ready(): Promise<void>;
  reloading(): Promise<void>;
  stopping(): Promise<void>;
  watchdog(): Promise<void>;
  /** One line for `systemctl status`. */
  status(text: string): Promise<void>;
}

export interface NotifierOptions {
  readonly logger: Logger;
  readonly pid: number;
  readonly program?: string;
  /** A `systemd-notify` that takes longer is killed. */
  readonly timeoutMs?: number;
}

const PROGRAM = 'systemd-notify';
const TIMEOUT_MS = 5_000;

/**
 * The promises resolve when systemd was told, or could not be; they never reject. At most one process runs at a time:
 * what is said meanwhile is put together into the next message, the newest of each kind.
 */
export function createNotifier(env: Readonly<Record<string, string | undefined>>, options: NotifierOptions): Notifier {
  const enabled = (env['NOTIFY_SOCKET'] ?? '') !== '';
  let pending = new Map<'state' | 'watchdog' | 'status', string>();
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let warned = false;

  function say(kind: 'state' | 'watchdog' | 'status', assignment: string): Promise<void> {
    if (!enabled) return Promise.resolve();
    pending.set(kind, assignment);
    next ??= (running ?? Promise.resolve()).then(() => {
      const assignments = [...pending.values()];
      pending = new Map();
      running = next;
      next = undefined;
      return run(assignments);
    });
    return next;
  }

  function run(assignments: readonly string[]): Promise<void> {
    return new Promise((resolve) => {
      const child = spawn(options.program ?? PROGRAM, ['--', ...assignments], {
        stdio: 'ignore', env: { NOTIFY_SOCKET: env['NOTIFY_SOCKET'], PATH: env['PATH'] },
      });
      // Not spawn's own `timeout`: its timer outlives a program that could not be started.
      const timer = setTimeout(() => { child.kill('SIGKILL'); }, options.timeoutMs ?? TIMEOUT_MS);
      const done = (problem: string | undefined): void => {
        clearTimeout(timer);
        if (problem !== undefined) warn(problem);
        resolve();
      };
      child.once('error', (error) => { done(error.message); });
      child.once('exit', (code, signal) => { done(code === 0 ? undefined : signal === null ? `it exited with ${code}` : `it was ended by ${signal}`); });
    });
  }

  function warn(reason: string): void {
    if (warned) return;
    warned = true;
    options.logger.error({ reason }, 'systemd could not be told about the state of the service');
  }

  return {
    enabled,
    watchdogIntervalMs: enabled ? watchdogInterval(env, options.pid) : undefined,
    ready: () => say('state', 'READY=1'),
    reloading: () => say('state', 'RELOADING=1'),
    stopping: () => say('state', 'STOPPING=1'),
    watchdog: () => say('watchdog', 'WATCHDOG=1'),
    status: (text) => say('status', `STATUS=${text.replace(/[\u0000-\u001f\u007f]+/g, ' ')}`),
  };
}

/** sd_watchdog_enabled(3): the limit in microseconds, meant for one process. */
function watchdogInterval(env: Readonly<Record<string, string | undefined>>, pid: number): number | undefined {
  const forPid = env['WATCHDOG_PID'];
  if (forPid !== undefined && forPid !== String(pid)) return undefined;
  const limit = env['WATCHDOG_USEC'] ?? '';
  if (!/^[1-9]\d{0,15}$/.test(limit)) return undefined;
  return Math.max(1, Math.floor(Number(limit) / 2000));
}
