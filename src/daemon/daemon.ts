import { setMaxListeners } from 'node:events';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createOwnAgent } from './agent.js';
import { openAuditLog } from '../audit/log.js';
import type { AuditFields, AuditKind } from '../audit/record.js';
import { AVAILABLE_SIEM } from '../config/available.js';
import type { Env, Paths } from '../config/paths.js';
import { effectivePaths } from '../config/paths.js';
import type { Config } from '../config/schema.js';
import type { LoadedConfig } from './configuration.js';
import { createConfiguration } from './configuration.js';
import type { DataPathState } from './data-path.js';
import { createDataPath } from './data-path.js';
import { createDepartures } from './departures.js';
import { createDestinations } from './destinations.js';
import { createDetectionCounts } from './detection-counts.js';
import type { DeliveryOutcome } from '../delivery/outcome.js';
import type { FilteredBytes, FilteredEvent } from '../event/privacy.js';
import { openGaps } from './gaps.js';
import { installationId } from './installation.js';
import { createInstaller } from './installer.js';
import { listen, wouldMove } from './listening.js';
import { createLosses } from './losses.js';
import type { MethodDeps } from './methods.js';
import { methodsOf } from './methods.js';
import { metricsOf } from './metrics.js';
import { createHistogram } from '../metrics/histogram.js';
import { jsonStore } from '../platform/durable-file.js';
import { processUsage } from '../platform/process-usage.js';
import { nodeSpoolFiles } from '../platform/spool-files.js';
import { createPolicies, openPolicyRecord } from './policies.js';
import type { Clock, DaemonLog, Random } from '../ports.js';
import { createRemovals } from './removals.js';
import { createRotations } from './rotations.js';
import { blanketWarnings, suppressionWarnings } from './rule-names.js';
import { auditLimits, spoolOptions } from './settings.js';
import { createSiteAgents } from './site-agents.js';
import { factsOf, keeper } from './site-agent-facts.js';
import { openReserve, reserveBytes } from '../spool/reserve.js';
import { createSpool } from '../spool/spool.js';
import { lockState } from './state-locks.js';
import { openSuppressions } from './suppressions.js';
import { timedFiles } from './timed-files.js';
import { requester } from './tenant-actions.js';
import { mergeTenants } from '../tenants/merge.js';
import { openTenantsStore } from '../tenants/store.js';
import { createUlid } from '../ulid.js';
import { upkeep } from './upkeep.js';
import { VERSION } from '../version.js';
import { SKIP_VERIFY_WARNING, warningsOf } from './warnings.js';

export interface DaemonOptions {
  /** Reads and checks the configuration; called at start and at each reload. Throws ConfigError. */
  readonly load: (mode: 'start' | 'reload') => Promise<LoadedConfig>;
  readonly paths: Paths;
  readonly env: Env;
}

export interface DaemonPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: DaemonLog;
}

export interface Daemon {
  readonly paths: Paths;
  /** The one in force. */
  config(): Config;
  /** Throws ConfigError and leaves everything as it was when the new configuration is bad. */
  reload(): Promise<void>;
  /** For the watchdog. */
  dataPath(): Promise<DataPathState>;
  /** Aborts when the daemon cannot go on: its state folder was taken by another. */
  readonly failed: AbortSignal;
  /** Answers what runs, flushes, delivers up to 5 s, says goodbye. Safe twice. */
  stop(): Promise<void>;
}

/** At a stop: for requests that are being answered, and for deliveries. With a farewell of at most 3 s it takes 10 s at most. */
const ANSWER_MS = 2000;
const DRAIN_MS = 5000;

/** Builds and starts everything. Throws RaxedError, and leaves nothing running, when it cannot. */
export async function startDaemon(options: DaemonOptions, ports: DaemonPorts): Promise<Daemon> {
  const { clock, random, logger } = ports;
  const ulid = createUlid(clock, random);
  const startedAt = clock.now();
  const startedAtMs = clock.monotonic();
  const uptimeSeconds = (): number => (clock.monotonic() - startedAtMs) / 1000;
  let started = false;
  const skipVerify = options.env['RAXE_SKIP_SSL_VERIFY']?.toLowerCase() === 'true';
  const failed = new AbortController();
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal);
  const undo: (() => Promise<void>)[] = [];

  try {
    const loaded = await options.load('start');
    const { config } = loaded;
    logger.setLevel(config.log.level);
    const paths = effectivePaths(options.paths, config, options.env);
    const lock = await lockState(paths, options.env, logger);
    undo.push(() => lock.release());
    lock.lost.addEventListener('abort', () => {
      logger.error({ code: 'STATE_LOCKED' }, 'the state folder was taken by another process: stopping');
      failed.abort();
    });

    let segmentBytes = config.spool.segment_bytes;
    const reserve = await openReserve(join(paths.stateDir, 'reserve'), () => reserveBytes(segmentBytes), { files: nodeSpoolFiles, random, logger });
    const auditPlace = { folder: join(paths.stateDir, 'audit'), keyFile: join(paths.stateDir, 'audit.key') };
    const audit = await openAuditLog(
      { ...auditPlace, ...auditLimits(config) },
      { files: nodeSpoolFiles, clock, random, logger, spend: (write) => reserve.spend(write), ulid: () => `aud_${ulid()}` },
    );
    undo.push(() => audit.close());
    const record = (kind: Exclude<AuditKind, 'delivery' | 'anchor'>, fields: AuditFields): Promise<void> =>
      audit.event(kind, fields).catch((error: unknown) => { logger.error({ error }, 'the audit log could not be written'); });
    const note = (kind: 'config' | 'spool' | 'daemon', fields: AuditFields): void => { void record(kind, fields); };

    const gapsFile = jsonStore(join(paths.stateDir, 'gaps.json'));
    const gaps = await openGaps({ clock, logger, ulid, store: { ...gapsFile, write: (parts) => reserve.spend(() => gapsFile.write(parts)) } });
    undo.push(() => gaps.close());
    const watchers = new Set<(event: FilteredEvent) => void>();
    const observe = (event: FilteredEvent): void => { for (const watcher of watchers) watcher(event); };
    const losses = createLosses({
      gaps, audit, note: (fields) => { note('spool', fields); }, spool: () => spool, observe, clock, logger,
      mustBeInForce: ({ msspId, customerId }) => { installer.generation().tenant(msspId, customerId); },
    });
    const syncs = createHistogram();
    const spool = await createSpool<FilteredBytes>(spoolOptions(config, paths), { files: timedFiles(nodeSpoolFiles, clock, syncs.observe), clock, logger, reserve, onReport: (report) => { losses.report(report); } });
    undo.push(() => spool.close());
    const policies = createPolicies({
      record: await openPolicyRecord(join(paths.stateDir, 'policies.json')), spool, logger,
      onRewritten: ({ mssp, customer, policy }) => { note('config', { event: 'privacy_made_stricter', mssp_id: mssp.id, customer_id: customer.id, data_mode: policy.dataMode }); },
    });
    const destinations = createDestinations(logger);
    undo.push(() => destinations.stop(0));
    const direct = { audit: (outcome: DeliveryOutcome) => audit.outcome(outcome), observe };

    const installer = createInstaller({
      spool, policies, destinations, audit: losses, clock, random, logger,
      build: {
        clock, env: options.env, version: VERSION, skipVerify, hostname: hostname(),
        installationId: await installationId(paths.stateDir, ulid, logger),
      },
      async reconfigure({ config: now, signings }) {
        rotations.inForce(signings);
        segmentBytes = now.spool.segment_bytes;
        spool.reconfigure(spoolOptions(now, paths));
        audit.reconfigure(auditLimits(now));
        logger.setLevel(now.log.level);
        if (started) await ownAgent.use(now.agent, installer.generation());
      },
    });
    const { generation } = installer;
    const store = await openTenantsStore(paths.tenantsFile, { files: nodeSpoolFiles, logger, availableSiem: AVAILABLE_SIEM });
    const configuration = createConfiguration({
      first: loaded, load: () => options.load('reload'), store, merge: mergeTenants,
      prepare: (next) => installer.prepare(next.config),
      note: (fields) => { note('config', fields); },
      clock, logger,
    });
    const rotations = createRotations({ configuration, note: (fields) => { void record('secret', fields); }, clock, logger });

    const agents = await createSiteAgents({
      clock, logger, ulid,
      stores: { agents: jsonStore(join(paths.stateDir, 'agents.json')), counters: jsonStore(join(paths.stateDir, 'counters.json')) },
      ...factsOf(generation),
      self: () => ownAgent.self(),
      note: async (fields, context) => { await record('agent', { ...fields, ...await requester(context) }); },
      spoolEvent: keeper({ spool, observe, rejected: losses.rejected }),
    });
    undo.push(() => agents.stop());
    const ownAgent = createOwnAgent({
      ...direct, clock, logger, counters: agents.counters, version: VERSION, ulid, uptimeSeconds,
      statuses: () => destinations.statuses(), rejected: () => spool.stats().rejected, warnings,
    });
    const departures = createDepartures({ statuses: () => destinations.statuses(), flush: (ids) => { destinations.flush(ids); }, clock });
    const suppressionsFile = jsonStore(join(paths.stateDir, 'suppressions.json'));
    const suppressions = await openSuppressions({ clock, logger, store: { ...suppressionsFile, write: (parts) => reserve.spend(() => suppressionsFile.write(parts)) } });
    const counts = createDetectionCounts();
    const removals = createRemovals({ configuration, spool, agents, gaps, suppressions, inForce: (id) => installer.inForce(id), logger });

    function warnings(): string[] {
      return warningsOf({ configuration, store, spool, audit, policies, removals, installer, skipVerify, others: () => [...suppressionWarnings(generation()), ...blanketWarnings(suppressions.list(), clock.now()), ...agents.warnings(), ...ownAgent.warnings()] });
    }

    const dataPath = createDataPath(spool, destinations, clock);

    const restartRequired = (): boolean => wouldMove({ paths, control: config.control }, { paths: effectivePaths(options.paths, generation().config, options.env), control: generation().config.control });

    // Before a customer of the same id is in force.
    await removals.carryOut();
    await (await installer.prepare(configuration.effective().config))();
    undo.push(() => generation().scanner.close());

    const methodDeps: MethodDeps = {
      generation, policy: (key) => policies.current(key), spool, destinations, agents, departures, clock, random, ulid, watchers, observe, warnings,
      reload: () => configuration.reload(), ready: () => dataPath.ready(), version: VERSION, onRejected: losses.rejected,
      info: () => ({
        configFile: paths.configFile, ...configuration.state(), restartRequired: restartRequired(),
        uptimeSeconds: uptimeSeconds(), audit: audit.stats(),
      }),
      suppressions, counts, logger, paths, configuration, configFile: paths.configFile, removals, skipVerify, policies, direct, note: record,
      auditLog: { audit, ...auditPlace, files: nodeSpoolFiles },
    };
    const listening = await listen({
      paths, config, generation, methods: methodsOf(methodDeps), ready: () => dataPath.ready(),
      metrics: (sockets) => metricsOf(methodDeps, { sockets, usage: processUsage(), syncs: syncs.view(), startedAt, nodeVersion: process.version }),
    }, { clock, logger });
    undo.push(() => listening.close(0));

    const kept = upkeep({ reserve, gaps, rotations, policies, installer, removals, spool, losses, suppressions, audit, generation, stopping: stopping.signal, clock, logger });
    if (skipVerify) logger.warn({}, SKIP_VERIFY_WARNING);
    for (const warning of configuration.state().warnings) logger.warn({ warning }, 'the configuration has a warning');
    const { ruleset } = generation();
    logger.info({ version: VERSION, engine: ruleset.engine, rules: ruleset.size, config: paths.configFile, listening: listening.addresses }, 'ready');
    note('daemon', { event: 'started', version: VERSION });
    started = true;
    agents.start();
    await ownAgent.use(generation().config.agent, generation());

    let stopped: Promise<void> | undefined;
    return {
      paths,
      reload: () => configuration.reload(),
      dataPath: () => dataPath.state(),
      config: () => generation().config,
      failed: failed.signal,
      stop() {
        stopped ??= (async () => {
          logger.info({}, 'stopping');
          stopping.abort();
          await listening.close(ANSWER_MS);
          await configuration.close();
          await kept;
          await losses.announce();
          await destinations.stop(DRAIN_MS);
          await ownAgent.stop();
          await agents.stop();
          await generation().scanner.close();
          note('daemon', { event: 'stopped' });
          await spool.close();
          await gaps.close();
          await audit.close();
          await lock.release();
          logger.info({}, 'stopped');
        })();
        return stopped;
      },
    };
  } catch (error) {
    stopping.abort();
    for (const step of undo.reverse()) await step().catch(() => undefined);
    throw error;
  }
}
