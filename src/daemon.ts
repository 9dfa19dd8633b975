import { setMaxListeners } from 'node:events';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createActions } from './actions.js';
import { createOwnAgent } from './agent.js';
import { createCounters } from './agents/counters.js';
import { openAuditLog } from './audit/log.js';
import type { AuditFields } from './audit/record.js';
import type { Env, Paths } from './config/paths.js';
import { effectivePaths } from './config/paths.js';
import type { Config } from './config/schema.js';
import { createControlServer } from './control/server.js';
import { createCustomerMethods } from './control/methods/customer.js';
import { createMsspMethods } from './control/methods/mssp.js';
import { createRulesMethods } from './control/methods/rules.js';
import { createScanMethods } from './control/methods/scan.js';
import { createSystemMethods } from './control/methods/system.js';
import type { DataPathState } from './data-path.js';
import { createDataPath } from './data-path.js';
import { createDeliveryLoop } from './delivery/loop.js';
import type { DestinationPlan } from './destinations.js';
import { createDestinations } from './destinations.js';
import { describeError } from './errors.js';
import type { FilteredBytes, FilteredEvent } from './event/privacy.js';
import { encodeEvent } from './event/privacy.js';
import { createGaps } from './gaps.js';
import type { Generation, TenantPlan } from './generation.js';
import { buildGeneration, streamOf } from './generation.js';
import { installationId } from './installation.js';
import { nodeSpoolFiles } from './platform/spool-files.js';
import { createPolicies, openPolicyRecord } from './policies.js';
import type { Clock, Logger, Random } from './ports.js';
import { lockStateFolder } from './spool/folder-lock.js';
import type { LoadedConfig } from './reload.js';
import { createReloader } from './reload.js';
import { auditLimits, retentionMs, sealAgeMs, spoolOptions } from './settings.js';
import type { SpoolReport } from './spool/spool.js';
import { createSpool } from './spool/spool.js';
import { createUlid } from './ulid.js';
import { VERSION } from './version.js';

export interface DaemonOptions {
  /** Reads and checks the configuration; called at start and at each reload. Throws ConfigError. */
  readonly load: (mode: 'start' | 'reload') => Promise<LoadedConfig>;
  readonly paths: Paths;
  readonly env: Env;
  /** The program of the scanner's worker thread; undefined: the source beside this file. */
  readonly workerUrl: URL | undefined;
}

export interface DaemonPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger & { setLevel?(level: Config['log']['level']): void };
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

const DRAIN_MS = 5000;
const TICK_MS = 5000;
/** Deliveries expire by themselves; this is for what no destination reads, dead letters for example. */
const EXPIRY_MS = 600_000;

/** Builds and starts everything. Throws RaxedError, and leaves nothing running, when it cannot. */
export async function startDaemon(options: DaemonOptions, ports: DaemonPorts): Promise<Daemon> {
  const { clock, random, logger } = ports;
  const ulid = createUlid(clock, random);
  const startedAtMs = clock.monotonic();
  const uptimeSeconds = (): number => (clock.monotonic() - startedAtMs) / 1000;
  let started = false;
  let settled = true;
  const skipVerify = options.env['RAXE_SKIP_SSL_VERIFY']?.toLowerCase() === 'true';
  const failed = new AbortController();
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal);
  const undo: (() => Promise<void>)[] = [];

  try {
    const loaded = await options.load('start');
    const { config } = loaded;
    logger.setLevel?.(config.log.level);
    const paths = effectivePaths(options.paths, config, options.env);
    const lock = await lockStateFolder(paths.stateDir, logger, { bootId: options.env['RAXED_BOOT_ID'] });
    undo.push(() => lock.release());
    lock.lost.addEventListener('abort', () => {
      logger.error({ code: 'STATE_LOCKED' }, 'the state folder was taken by another process: stopping');
      failed.abort();
    });

    const audit = await openAuditLog(
      { folder: join(paths.stateDir, 'audit'), keyFile: join(paths.stateDir, 'audit.key'), ...auditLimits(config) },
      { files: nodeSpoolFiles, clock, random, logger, ulid: () => `aud_${ulid()}` },
    );
    undo.push(() => audit.close());
    const note = (kind: 'config' | 'spool' | 'daemon', fields: AuditFields): void => {
      audit.event(kind, fields).catch((error: unknown) => { logger.error({ error: describeError(error) }, 'the audit log could not be written'); });
    };

    const gaps = createGaps({ clock, ulid });
    const spool = await createSpool<FilteredBytes>(spoolOptions(config, paths), { files: nodeSpoolFiles, clock, logger, onReport });
    undo.push(() => spool.close());
    const policies = createPolicies({
      record: await openPolicyRecord(join(paths.stateDir, 'policies.json')), spool, logger,
      onRewritten: ({ mssp, customer, policy }) => { note('config', { event: 'privacy_made_stricter', mssp_id: mssp.id, customer_id: customer.id, data_mode: policy.dataMode }); },
    });
    const buildPorts = {
      clock, env: options.env, version: VERSION, skipVerify, hostname: hostname(), workerUrl: options.workerUrl,
      installationId: await installationId(paths.stateDir, ulid, logger),
    };

    let generation = await buildGeneration(config, undefined, buildPorts);
    const destinations = createDestinations(logger);
    const counters = createCounters();
    const watchers = new Set<(event: FilteredEvent) => void>();
    const observe = (event: FilteredEvent): void => { for (const watcher of watchers) watcher(event); };

    const ownAgent = createOwnAgent({
      clock, logger, counters, version: VERSION, ulid, uptimeSeconds,
      audit: (outcome) => audit.outcome(outcome), observe,
      statuses: () => destinations.statuses(), rejected: () => spool.stats().rejected, warnings,
    });

    function onReport(report: SpoolReport): void {
      const { kind, stream, destination, count, since, bytes, file } = report;
      const where = stream === undefined ? {} : { mssp_id: stream.msspId, customer_id: stream.customerId };
      const fields = { ...where, destination, count, bytes, file };
      logger.warn({ ...fields, report: kind }, 'spool');
      note('spool', { event: kind, ...fields });
      const reason = kind === 'damaged' || kind === 'dropped_oldest' || kind === 'expired' ? kind : undefined;
      if (reason !== undefined && stream !== undefined) gaps.note(stream, reason, count ?? 1, since ?? clock.now(), destination);
    }

    function warnings(): string[] {
      return [
        ...reloader.state().warnings,
        ...(skipVerify ? ['RAXE_SKIP_SSL_VERIFY=true: certificates are not checked'] : []),
        ...(reloader.state().lastError === undefined ? [] : ['the configuration file is wrong; the last good one is in force']),
        ...(spool.stats().state === 'ok' ? [] : [`the spool is ${spool.stats().state}`]),
        ...(policies.unfinished ? ['what waits on disk could not yet be rewritten for a stricter privacy setting'] : []),
        ...(settled ? [] : ['not everything of the new configuration could be started yet']),
        ...(audit.stats().state === 'ok' ? [] : ['the audit log cannot be written']),
      ];
    }

    function destinationPlans(of: Generation): DestinationPlan[] {
      return of.tenants.flatMap((tenant) => tenant.outputs.map((output) => {
        const stream = streamOf(tenant);
        return {
          stream, name: output.name, fingerprint: output.fingerprint,
          start: async () => {
            const opened = await spool.openStream(stream);
            const deadLetters = await opened.deadLetters(output.name);
            const sender = output.create();
            const cursor = await opened.attach(output.name);
            const loop = createDeliveryLoop({
              stream, cursor, deadLetters, output: sender, audit,
              narrow: (event) => policies.narrow(tenant.key, event),
              retentionMs: () => retentionMs(currentTenant(tenant.key) ?? tenant),
            }, { clock, random, logger });
            return { loop, release: async () => { cursor.detach(); await sender.close(); } };
          },
        };
      }));
    }

    const currentTenant = (key: string): TenantPlan | undefined => generation.tenants.find((tenant) => tenant.key === key);

    /** Makes a generation the one in force; resolves when what waits on disk obeys its privacy policies. */
    async function install(next: Generation): Promise<void> {
      // What may fail for want of a disk comes first, while the previous one is whole.
      for (const tenant of next.tenants) await spool.openStream(streamOf(tenant));
      const putInForce = await policies.prepare(next.tenants);
      const previous = generation;
      generation = next;
      if (previous.scanner !== next.scanner) previous.scanner.retire();
      putInForce();
      await policies.enforce();
      await settle();
    }

    /** Brings what runs in line with the generation in force. What cannot be, is tried again at each tick. */
    async function settle(): Promise<void> {
      const { config, tenants } = generation;
      try {
        spool.reconfigure(spoolOptions(config, paths));
        for (const tenant of tenants) (await spool.openStream(streamOf(tenant))).configure({ sealAgeMs: sealAgeMs(tenant) });
        audit.reconfigure(auditLimits(config));
        logger.setLevel?.(config.log.level);
        await destinations.apply(destinationPlans(generation));
        if (started) await ownAgent.use(config.agent, generation);
        settled = true;
      } catch (error) {
        settled = false;
        logger.error({ error: describeError(error) }, 'not everything of the new configuration could be started; it is tried again');
      }
    }

    function announceGaps(): Promise<void> {
      return gaps.flush(async (stream, event) => {
        await (await spool.openStream(stream)).append(encodeEvent(event));
        observe(event);
      });
    }

    async function repeat(everyMs: number, work: () => Promise<void>): Promise<void> {
      for (;;) {
        await clock.sleep(everyMs, stopping.signal);
        if (stopping.signal.aborted) return;
        await work().catch((error: unknown) => { logger.error({ error: describeError(error) }, 'housekeeping failed; it is tried again'); });
      }
    }

    const reloader = createReloader({
      first: loaded,
      load: () => options.load('reload'),
      install: async (next) => { await install(await buildGeneration(next, generation, buildPorts)); },
      note: (fields) => { note('config', fields); },
      clock, logger,
    });
    const dataPath = createDataPath(spool, destinations, clock);

    function restartRequired(): boolean {
      const now = effectivePaths(options.paths, generation.config, options.env);
      return now.stateDir !== paths.stateDir || now.controlSocket !== paths.controlSocket || now.scanSocket !== paths.scanSocket;
    }

    undo.push(async () => { await generation.scanner.close(); });
    undo.push(() => destinations.stop(0));
    await install(generation);

    const actions = createActions({
      generation: () => generation, policy: (key) => policies.current(key), spool, destinations, counters, clock, ulid, watchers, observe, warnings, reload: () => reloader.reload(), ready: () => dataPath.ready(),
      version: VERSION, skipVerify,
      onRejected: (stream) => { gaps.note(stream, 'rejected', 1, clock.now()); },
      audit: (outcome) => audit.outcome(outcome),
      info: () => ({
        configFile: paths.configFile, ...reloader.state(), restartRequired: restartRequired(),
        uptimeSeconds: uptimeSeconds(), audit: audit.stats(),
      }),
    });
    const server = await createControlServer({
      listeners: [
        { path: paths.controlSocket, scope: 'control', mode: 0o600 },
        { path: paths.scanSocket, scope: 'scan', mode: 0o660 },
      ],
      methods: [
        ...createScanMethods(actions.scan), ...createSystemMethods(actions.system), ...createMsspMethods(actions.mssp),
        ...createCustomerMethods(actions.customer), ...createRulesMethods(actions.rules),
      ],
      probes: { ready: async () => ({ ready: await dataPath.ready() }) },
      limits: () => ({ maxTextBytes: generation.config.scanner.max_text_bytes }),
    }, { clock, logger });
    undo.push(() => server.close(0));

    const expiring = repeat(EXPIRY_MS, async () => {
      for (const tenant of generation.tenants) await (await spool.openStream(streamOf(tenant))).expire(retentionMs(tenant));
    });
    const ticking = repeat(TICK_MS, async () => {
      if (policies.unfinished) await policies.enforce();
      if (!settled) await settle();
      if (spool.stats().state !== 'ok') return;
      await announceGaps();
    });
    if (skipVerify) logger.warn({}, 'RAXE_SKIP_SSL_VERIFY=true: certificates are not checked');
    for (const warning of loaded.warnings) logger.warn({}, warning);
    logger.info({ version: VERSION, engine: generation.ruleset.engine, rules: generation.ruleset.size, control: paths.controlSocket, scan: paths.scanSocket }, 'ready');
    note('daemon', { event: 'started', version: VERSION });
    started = true;
    await ownAgent.use(generation.config.agent, generation);

    let stopped: Promise<void> | undefined;
    return {
      paths,
      reload: () => reloader.reload(),
      dataPath: () => dataPath.state(),
      config: () => generation.config,
      failed: failed.signal,
      stop() {
        stopped ??= (async () => {
          logger.info({}, 'stopping');
          stopping.abort();
          await server.close(DRAIN_MS);
          await reloader.close();
          await Promise.all([expiring, ticking]);
          await announceGaps();
          await destinations.stop(DRAIN_MS);
          await ownAgent.stop();
          await generation.scanner.close();
          note('daemon', { event: 'stopped' });
          await spool.close();
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
