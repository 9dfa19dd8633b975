import type { ActionDeps } from './actions.js';
import type { SocketStats } from '../control/server.js';
import type { DestinationState, DestinationStatus } from '../delivery/outcome.js';
import type { Exposition } from '../metrics/exposition.js';
import { createExposition, labels } from '../metrics/exposition.js';
import type { HistogramView } from '../metrics/histogram.js';
import type { ProcessUsage } from '../platform/process-usage.js';
import { FAMILIES, SEVERITIES } from '../scanner/verdict.js';
import type { SpoolStats } from '../spool/spool.js';

export interface MetricsSources {
  readonly sockets: SocketStats;
  readonly usage: ProcessUsage;
  /** Of the spool, in seconds. */
  readonly syncs: HistogramView;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly nodeVersion: string;
}

const DESTINATION_STATES: readonly DestinationState[] = ['ok', 'idle', 'retrying', 'circuit_open', 'misconfigured'];
const SPOOL_STATES: readonly SpoolStats['state'][] = ['ok', 'full', 'failing'];

/**
 * What `status` shows, as Prometheus reads it. Labels are ids, names of rules and destinations, and words of ours: no text, no URL.
 * How many there are is bounded by the rules, the customers and their destinations. Counters begin with the daemon, those of a
 * destination with its settings.
 */
export function metricsOf(deps: ActionDeps, sources: MetricsSources): Buffer {
  const destinations = deps.destinations.statuses();
  const out = createExposition();
  daemonMetrics(out, deps, sources);
  scannerMetrics(out, deps);
  spoolMetrics(out, deps, { destinations, syncs: sources.syncs });
  destinationMetrics(out, destinations);
  siteMetrics(out, deps);
  socketMetrics(out, sources.sockets);
  processMetrics(out, sources);
  return out.bytes();
}

function daemonMetrics(out: Exposition, deps: ActionDeps, { nodeVersion }: MetricsSources): void {
  const { ruleset, scanner } = deps.generation();
  const info = deps.info();
  const build = labels({ version: deps.version, node: nodeVersion, engine: ruleset.engine, model: scanner.modelVersion ?? '' });
  out.gauge('raxed_build_info', 'Always 1; what runs stands in the labels.', [[build, 1]]);
  out.gauge('raxed_uptime_seconds', 'Seconds since the daemon started.', info.uptimeSeconds);
  out.gauge('raxed_warnings', 'Things that somebody should look at; raxed ctl status names them.', deps.warnings().length);
  out.counter('raxed_config_reloads_total', 'Times that the configuration file was read again, by what came of it.', [[labels({ result: 'ok' }), info.reloads.ok], [labels({ result: 'refused' }), info.reloads.refused]]);
  out.gauge('raxed_config_refused', '1 while the configuration file is refused and an older one is in force.', info.lastError === undefined ? 0 : 1);
  out.gauge('raxed_config_loaded_timestamp_seconds', 'When the configuration in force was read.', Date.parse(info.loadedAt) / 1000);
  out.gauge('raxed_restart_required', '1 when a setting has changed that only a restart puts in force.', info.restartRequired ? 1 : 0);
}

function scannerMetrics(out: Exposition, { counts, generation }: ActionDeps): void {
  const seconds = counts.seconds();
  const { incomplete, failed } = counts.troubles();
  // All of them: a series that begins with its first threat would hide that one from rate().
  const threats = FAMILIES.flatMap((family) => SEVERITIES.slice(1).map((severity) => [labels({ family, severity }), counts.threats(family, severity)] as const));
  out.gauge('raxed_rules', 'Rules in force.', generation().ruleset.size);
  out.counter('raxed_scans_total', 'Scans, dry runs and failed ones included.', seconds.counts.reduce((sum, count) => sum + count, 0) + failed);
  out.counter('raxed_scans_incomplete_total', 'Scans that did not end in time.', incomplete);
  out.counter('raxed_scans_failed_total', 'Scans without a verdict.', failed);
  out.counter('raxed_threats_total', 'Scans that count as a threat, by the family and severity of their most severe detection.', threats);
  out.counter('raxed_detections_total', 'Detections, by rule; rules that never fired are left out.', Object.entries(counts.detections().by_rule).map(([rule, count]) => [labels({ rule }), count] as const));
  out.counter('raxed_l2_hits_total', 'Scans in which the model found something.', counts.modelHits());
  out.histogram('raxed_scan_duration_seconds', 'How long scans with a verdict took.', seconds);
}

function spoolMetrics(out: Exposition, { spool }: ActionDeps, { destinations, syncs }: { readonly destinations: readonly DestinationStatus[]; readonly syncs: HistogramView }): void {
  const { bytes, maxBytes, rejected, dropped, state } = spool.stats();
  const backlogs = new Map<string, { readonly whose: string; pending: number; ageSeconds: number }>();
  for (const status of destinations) {
    const key = `${status.mssp_id}/${status.customer_id}`;
    const backlog = backlogs.get(key) ?? { whose: streamLabels(status.mssp_id, status.customer_id), pending: 0, ageSeconds: 0 };
    backlog.pending = Math.max(backlog.pending, status.pending);
    backlog.ageSeconds = Math.max(backlog.ageSeconds, status.oldest_pending_age_seconds);
    backlogs.set(key, backlog);
  }
  const streams = spool.opened().map((stream) => [streamLabels(stream.id.msspId, stream.id.customerId), stream.stats()] as const);
  out.stateSet('raxed_spool_state', '1 for the state that the spool is in: it takes events, is full, or its disk fails.', { states: SPOOL_STATES, of: [['', state]] });
  out.gauge('raxed_spool_bytes', 'What the spool takes on the disk.', bytes);
  out.gauge('raxed_spool_max_bytes', 'What it may take.', maxBytes);
  out.counter('raxed_spool_rejected_total', 'Events that were refused because the spool was full or its disk failed.', rejected);
  out.counter('raxed_spool_dropped_total', 'Events that were dropped for newer ones.', dropped);
  out.gauge('raxed_stream_bytes', 'What the events of a customer take on the disk.', streams.map(([whose, stats]) => [whose, stats.bytes] as const));
  out.gauge('raxed_stream_segments', 'Files that the events of a customer are in.', streams.map(([whose, stats]) => [whose, stats.segments] as const));
  out.gauge('raxed_stream_pending_events', 'Events that the destination of a customer which is furthest behind has not got.', [...backlogs.values()].map(({ whose, pending }) => [whose, pending] as const));
  out.gauge('raxed_stream_oldest_age_seconds', 'Age of the oldest event that some destination of a customer has not got; 0 when there is none.', [...backlogs.values()].map(({ whose, ageSeconds }) => [whose, ageSeconds] as const));
  out.histogram('raxed_spool_fsync_duration_seconds', 'How long the spool waited for the disk to make what it wrote durable.', syncs);
}

function destinationMetrics(out: Exposition, statuses: readonly DestinationStatus[]): void {
  const all = statuses.map((status) => [labels({ mssp_id: status.mssp_id, customer_id: status.customer_id, destination: status.name }), status] as const);
  const each = function* (value: (status: DestinationStatus) => number): Iterable<readonly [string, number]> {
    for (const [whose, status] of all) yield [whose, value(status)];
  };
  out.stateSet('raxed_destination_state', '1 for the state that a destination is in.', { states: DESTINATION_STATES, of: all.map(([whose, { state }]) => [whose, state] as const) });
  out.gauge('raxed_destination_stalled', '1 when nothing new is sent until the oldest event is decided.', each(({ stalled }) => (stalled === true ? 1 : 0)));
  out.gauge('raxed_destination_pending_events', 'Events that the destination has not got.', each(({ pending }) => pending));
  out.gauge('raxed_destination_in_flight_events', 'Events that are being sent.', each((status) => status.in_flight));
  out.gauge('raxed_destination_lag_seconds', 'Age of the oldest event that the destination has not got; 0 when there is none.', each((status) => status.oldest_pending_age_seconds));
  out.gauge('raxed_destination_dead_letters', 'Dead letters on the disk.', each(({ dead }) => dead));
  out.counter('raxed_destination_delivered_total', 'Events that the destination took.', each(({ delivered }) => delivered));
  out.counter('raxed_destination_failed_attempts_total', 'Attempts to send that failed.', each((status) => status.failed_attempts));
  out.counter('raxed_destination_dead_lettered_total', 'Events that the destination refused for good.', each((status) => status.dead_lettered));
  out.counter('raxed_destination_expired_total', 'Events that waited longer than their retention.', each(({ expired }) => expired));
}

function siteMetrics(out: Exposition, { agents, info }: ActionDeps): void {
  const { total: _, ...byStatus } = agents.counts();
  const { audit } = info();
  out.gauge('raxed_agents', 'Agents at the customers\' sites, by status.', Object.entries(byStatus).map(([status, count]) => [labels({ status }), count] as const));
  out.counter('raxed_audit_lines_total', 'Lines of the audit log since it was begun.', audit.lines);
  out.gauge('raxed_audit_bytes', 'What the audit log takes on the disk.', audit.bytes);
  out.counter('raxed_audit_rejected_total', 'Lines that could not be written.', audit.rejected);
}

function socketMetrics(out: Exposition, { sockets, refused }: SocketStats): void {
  out.gauge('raxed_socket_connections', 'Open connections.', sockets.map(({ name, connections }) => [labels({ socket: name }), connections] as const));
  out.counter('raxed_socket_refused_total', 'Callers turned away because too much was asked at once: connections, requests half read, texts in work.', Object.entries(refused).map(([reason, count]) => [labels({ reason }), count] as const));
}

function processMetrics(out: Exposition, { usage, startedAt }: MetricsSources): void {
  out.gauge('process_start_time_seconds', 'When the process started, in seconds since the epoch.', startedAt / 1000);
  out.gauge('process_resident_memory_bytes', 'Resident memory.', usage.residentBytes);
  out.counter('process_cpu_seconds_total', 'User and system time.', usage.cpuSeconds);
  out.gauge('process_open_fds', 'Open file descriptors.', usage.openFds ?? []);
  out.counter('raxed_event_loop_active_seconds_total', 'How long the event loop was at work and not waiting; a rate near 1 is a daemon that is too busy.', usage.loopActiveSeconds);
}

function streamLabels(msspId: string, customerId: string): string {
  return labels({ mssp_id: msspId, customer_id: customerId });
}
