import { homedir } from 'node:os';
import { AVAILABLE_SIEM } from '../config/available.js';
import { readConfigFile } from '../config/file.js';
import type { Env } from '../config/paths.js';
import { defaultPaths } from '../config/paths.js';
import { referencedFiles } from '../config/references.js';
import { watchConfig } from '../config/watch.js';
import type { Daemon, DaemonPorts } from '../daemon/daemon.js';
import { startDaemon } from '../daemon/daemon.js';
import { describeProblem, ERROR_CODES, RaxedError } from '../errors.js';
import { sizeHeap } from '../platform/heap.js';
import { isJournal } from '../platform/journal.js';
import type { ProcessLog } from '../platform/log.js';
import { createLogger } from '../platform/log.js';
import { nodeClock, nodeRandom } from '../platform/node.js';
import type { LoadedConfig } from '../daemon/configuration.js';
import type { DataPathState } from '../daemon/data-path.js';
import { createNotifier } from '../platform/notify.js';
import { logUnforeseen } from '../platform/unforeseen.js';
import type { Logger } from '../ports.js';

export interface RunOptions {
  readonly config?: string | undefined;
  readonly env: Env;
  readonly cwd: string;
  readonly logger: DaemonPorts['logger'];
}

export interface WatchedDaemon {
  readonly daemon: Daemon;
  /** Stops watching the files, then the daemon. */
  stop(): Promise<void>;
}

const SIGNAL_CODE_OK = 0;
const LOCK_LOST_CODE = 4;

/** Starts the daemon and reloads it whenever one of its files changes. Throws RaxedError when it cannot start. */
export async function startWatchedDaemon(options: RunOptions): Promise<WatchedDaemon> {
  const { env, logger } = options;
  const ports = { clock: nodeClock, random: nodeRandom, logger };
  const paths = defaultPaths(env, { home: homedir(), cwd: options.cwd, configOption: options.config });
  let digest = '';
  const load = async (): Promise<LoadedConfig> => {
    const { validate } = await import('node-cron');
    const loaded = await readConfigFile(paths.configFile, { availableSiem: AVAILABLE_SIEM, isCron: (expression) => validate(expression), mayBeMissing: !paths.configFileNamed });
    digest = loaded.digest;
    return { config: loaded.config, digest, warnings: loaded.warnings.map(describeProblem) };
  };
  const daemon = await startDaemon({ load, paths, env }, ports);
  const watch = await watchConfig({
    path: paths.configFile,
    digest,
    extraFiles: () => referencedFiles(daemon.config(), env),
    // The daemon has logged why it refused a file.
    onChange: () => daemon.reload().catch(() => undefined),
  }, ports);
  return {
    daemon,
    async stop() {
      watch.close();
      await daemon.stop();
    },
  };
}

/**
 * `raxed run`: the daemon in the foreground until SIGTERM or SIGINT; resolves with the exit code. What keeps it from
 * starting goes to the journal, where its priority finds it; elsewhere it is thrown, for the one who started it.
 */
export async function runDaemon(args: { readonly config?: string | undefined }): Promise<number> {
  sizeHeap(0);
  process.umask(0o077);
  const { env } = process;
  const journal = isJournal(1, env);
  const log = createLogger({ level: 'info', fd: 1, journal }, nodeClock);
  logUnforeseen(log, ERROR_CODES.INTERNAL.exit);
  try {
    return await runUntilStopped({ config: args.config, env, cwd: process.cwd(), logger: log });
  } catch (error) {
    if (!journal) throw error;
    const { advice, exit } = ERROR_CODES[error instanceof RaxedError ? error.code : 'INTERNAL'];
    log.error({ error, config: args.config, advice }, 'the daemon cannot start');
    return exit;
  } finally {
    log.flush();
  }
}

async function runUntilStopped(options: RunOptions & { readonly logger: ProcessLog }): Promise<number> {
  const { env, logger } = options;
  const stopWanted = new Promise<number>((resolve) => {
    // `on`, not `once`: proper-lockfile's signal handler ends the process when it finds itself the only listener.
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => { resolve(SIGNAL_CODE_OK); });
  });
  // Until there is something to reload, a hang-up has no effect; without a listener it would end the process.
  let hangUp = (): void => undefined;
  process.on('SIGHUP', () => { hangUp(); });
  const { daemon, stop } = await startWatchedDaemon(options);
  sizeHeap(daemon.config().mssps.reduce((sum, { customers }) => sum + customers.length, 0));
  const notifier = createNotifier(env, { logger, pid: process.pid });

  hangUp = () => {
    void (async () => {
      await notifier.reloading();
      await daemon.reload().catch(() => undefined);
      await notifier.ready();
    })();
  };
  const lockLost = new Promise<number>((resolve) => { daemon.failed.addEventListener('abort', () => { resolve(LOCK_LOST_CODE); }, { once: true }); });
  await notifier.ready();
  const watchdog = new AbortController();
  const fed = feedWatchdog(daemon, notifier, watchdog.signal, logger);

  // Timers and sockets are unreferenced here and there; a daemon stays until it is told to go.
  const alive = setInterval(() => undefined, 2 ** 30);
  const code = await Promise.race([stopWanted, lockLost]);
  clearInterval(alive);
  await notifier.stopping();
  // The state folder is another's: not a byte more is written, as if this process had been killed.
  if (code === LOCK_LOST_CODE) {
    logger.flush();
    process.exit(code);
  }
  watchdog.abort();
  await fed;
  await stop();
  return code;
}

/** For `systemctl status`. */
const STATUS: Readonly<Record<DataPathState, string>> = {
  moves: 'Scans are judged, threats are kept and delivered',
  refuses: 'Scans are judged, but threats cannot be kept: the disk refuses them',
  stuck: 'The data path is stuck: waiting to be started again',
};

/** Tells systemd how we are, and that we live as long as nothing is stuck. A full disk is no reason to be restarted: scans go on. */
async function feedWatchdog(daemon: Daemon, notifier: ReturnType<typeof createNotifier>, signal: AbortSignal, logger: Logger): Promise<void> {
  const intervalMs = notifier.watchdogIntervalMs;
  if (intervalMs === undefined) return;
  while (!signal.aborted) {
    try {
      const state = await daemon.dataPath();
      const told = notifier.status(STATUS[state]);
      if (state === 'stuck') logger.error({}, 'the data path is stuck: the watchdog is not fed');
      else await notifier.watchdog();
      await told;
    } catch (error) {
      logger.error({ error }, 'the watchdog could not be fed');
    }
    await nodeClock.sleep(intervalMs, signal);
  }
}
