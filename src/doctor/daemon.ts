import type { Finding } from './finding.js';
import { AS_ROOT, counted, judgeOf } from './finding.js';
import type { DestinationStatus, Status } from './status.js';

/** The daemon's own word: what `status` answers, or why it did not. */
export type DaemonFacts =
  | { readonly kind: 'status'; readonly status: Status }
  | { readonly kind: 'down' | 'forbidden' | 'silent' };

const { ok, warning, problem, notChecked } = judgeOf('daemon');
const FILLING = 0.8;
const OLD_SECONDS = 900;
const SILENT = { down: 'none runs', forbidden: 'this user may not ask it', silent: 'it does not answer' } as const;

export function judgeDaemon(facts: DaemonFacts): Finding[] {
  if (facts.kind !== 'status') return [notChecked('status', `what the daemon says of itself: ${SILENT[facts.kind]}`, facts.kind === 'forbidden' ? AS_ROOT : undefined)];
  const { status } = facts;
  return [
    ...judgeSpool(status),
    ...(status.audit === 'ok' ? [] : [problem('audit', 'the audit log cannot be written; deliveries wait meanwhile', 'Look at the disk below, and at `journalctl -u raxed`.')]),
    ...judgeScans(status),
    ...status.destinations.flatMap(judgeDestination),
    ...status.warnings.map((each) => warning('warning', `the daemon warns: ${each}`, 'See the README, "Operate", for what to do.')),
  ];
}

function judgeSpool({ spool }: Status): Finding[] {
  const { state, bytes, maxBytes, pending, dead, rejected, dropped } = spool;
  const share = maxBytes === 0 ? 0 : bytes / maxBytes;
  const filled = `${Math.round(share * 100)} % of spool.max_bytes`;
  const lost = rejected + dropped;
  return [
    state !== 'ok' ? problem('spool', `the spool is ${state}: ${state === 'failing' ? 'its disk cannot be written' : 'new events are not kept'}; scans are still answered`, 'Make room on the disk of the state folder, raise spool.max_bytes, or mend the destination that is behind (below).', { state, bytes })
      : share > FILLING ? warning('spool', `${counted(pending, 'waiting event')} fill${pending === 1 ? 's' : ''} ${filled}`, 'Mend the destination that is behind (below), or raise spool.max_bytes.', { bytes, pending })
        : ok('spool', `${counted(pending, 'event')} waiting, ${filled}`, { bytes, pending }),
    ...(lost > 0 ? [warning('lost', `${counted(lost, 'event')} lost since the start, because the spool was full`, 'A `delivery_gap` event tells the SOC. Raise spool.max_bytes, or mend the destination that is behind.', { rejected, dropped })] : []),
    ...(dead > 0 ? [warning('dead', `${counted(dead, 'event')} refused for good by a destination`, 'See why with `raxed ctl spool dead list`; then `raxed ctl spool dead replay`, or `raxed ctl spool dead purge`.', { dead })] : []),
  ];
}

function judgeScans({ scansFailed, scansIncomplete }: Status): Finding[] {
  if (scansFailed + scansIncomplete === 0) return [];
  return [warning('scans', `${counted(scansFailed, 'scan')} failed and ${scansIncomplete} did not end in time since the start: those texts are not known to be clean`, 'See `journalctl -u raxed`; send its lines with `raxed ctl bundle` to support.', { failed: scansFailed, incomplete: scansIncomplete })];
}

function judgeDestination(destination: DestinationStatus): Finding[] {
  const { name, state, url, pending, oldestSeconds, stalled, lastError } = destination;
  const data = { destination: name, state, pending };
  const said = lastError === undefined ? '' : `: ${lastError}`;
  const waiting = `${counted(pending, 'event')} waiting`;
  switch (state) {
    case 'ok': return [ok('destination', `${name} takes events`, data), ...late(destination)];
    case 'idle': return [ok('destination', `${name} was sent nothing yet`, data), ...late(destination)];
    case 'misconfigured': return [problem('destination', `${name} (${url}) is held, because a setting is wrong${said}; ${waiting}, none is lost`, 'Correct the setting that this names; the daemon tries again at once after the change, and every five minutes. The check of this destination below says more.', data)];
    default: return [problem('destination', `${name} (${url}) does not take events${said}; ${waiting}, none is lost${stalled ? '; its oldest event holds up the others' : ''}`, `It is tried again by itself${oldestSeconds > OLD_SECONDS ? ', for a quarter of an hour already without success' : ''}; the check of this destination below says what is in the way.`, data)];
  }
}

function late({ name, pending, oldestSeconds }: DestinationStatus): Finding[] {
  if (pending === 0 || oldestSeconds <= OLD_SECONDS) return [];
  return [warning('late', `${name}: the oldest of ${counted(pending, 'event')} waits for ${Math.round(oldestSeconds / 60)} minutes`, 'See `raxed ctl spool status`; the receiver may be slower than the events come.', { destination: name })];
}
