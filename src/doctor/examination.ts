import { PROTOCOL } from '../control/protocol.js';
import { ConfigError, errnoOf, RaxedError } from '../errors.js';
import type { Clock } from '../ports.js';
import { VERSION } from '../version.js';
import { judgeCertificates } from './certificates.js';
import { judgeClock } from './clock.js';
import { judgeConfiguration } from './configuration.js';
import { judgeDaemon } from './daemon.js';
import { judgeDestinations } from './destinations.js';
import { judgeDisk } from './disk.js';
import { judgeFiles } from './files.js';
import type { Finding, Group } from './finding.js';
import { GROUPS, judgeOf } from './finding.js';
import type { Command } from './probes/command.js';
import { destinationsOf, offsetsOf } from './probes/destinations.js';
import { clockSynchronized, seeDisk, seeFiles, seePems, seePorts, seeRuntime, seeService } from './probes/facts.js';
import type { Subject } from './probes/subject.js';
import { subjectOf } from './probes/subject.js';
import { judgeRuntime } from './runtime.js';
import { judgeService } from './service.js';
import { judgeSockets } from './sockets.js';

export interface ExaminationOptions {
  /** `--config` and `--socket`, absolute. */
  readonly config: string | undefined;
  readonly socket: string | undefined;
  /** Nothing leaves this machine. */
  readonly offline: boolean;
  /** For each check. */
  readonly timeoutMs: number;
  readonly groups: readonly Group[];
}

export interface ExaminationPorts {
  readonly clock: Clock;
  readonly command: Command;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly cwd: string;
  /** Of this process. */
  readonly uid: number;
  readonly hostname: string;
  /** This machine was booted with systemd. */
  readonly systemd: boolean;
}

export interface Examination {
  readonly subject: Pick<Subject, 'site' | 'account'>;
  readonly findings: readonly Finding[];
}

/**
 * Looks at everything that raxed needs, and changes nothing. Checks run at once and for no longer than their time, those
 * on the network after the others; one that fails by itself is `not_checked`. Never rejects.
 */
export async function examine(options: ExaminationOptions, ports: ExaminationPorts): Promise<Examination> {
  const { timeoutMs, offline } = options;
  const { clock } = ports;
  const subject = await subjectOf(options, ports);
  const { site, account, seen, control, scan, daemon } = subject;
  const wanted = new Set(options.groups);
  const found = new Map<Group, Finding[]>();
  const check = async (group: Group, work: () => Promise<Finding[]>): Promise<void> => {
    if (wanted.has(group)) found.set(group, await bounded(group, work, timeoutMs));
  };

  await Promise.all([
    check('configuration', () => Promise.resolve(judgeConfiguration({ site, ...seen, running: daemon.kind === 'status' ? daemon.status.config : undefined }))),
    check('files', async () => judgeFiles({ site, account, ...await seeFiles(subject) })),
    check('certificates', async () => judgeCertificates({ ...await seePems(subject), now: clock.now() })),
    check('service', async () => judgeService({ ...subject, systemd: ports.systemd, ...await seeService(subject, ports) })),
    check('sockets', async () => judgeSockets({ site, account, gid: account?.gids[0], control, scan, ports: await seePorts(subject, timeoutMs), own: { version: VERSION, protocol: PROTOCOL } })),
    check('daemon', () => Promise.resolve(judgeDaemon(daemon))),
    check('disk', async () => judgeDisk({ site, ...await seeDisk(subject, ports) })),
    check('runtime', async () => judgeRuntime({ site, ...await seeRuntime(subject) })),
  ]);

  if (wanted.has('destinations') || wanted.has('clock')) {
    const destinations = destinationsOf(subject, { ...ports, offline, timeoutMs });
    await Promise.all([
      check('clock', async () => judgeClock({ synchronized: await clockSynchronized(ports), offsets: offsetsOf(await destinations), offline })),
      check('destinations', async () => judgeDestinations(await destinations)),
    ]);
  }
  return { subject, findings: GROUPS.flatMap((group) => found.get(group) ?? []) };
}

async function bounded(group: Group, work: () => Promise<Finding[]>, timeoutMs: number): Promise<Finding[]> {
  const { notChecked } = judgeOf(group);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Finding[]>((resolve) => {
    // A moment more than each step within has, which says more.
    timer = setTimeout(() => { resolve([notChecked('late', `everything here: it took longer than ${timeoutMs} ms`, 'Give it more time with --timeout.')]); }, timeoutMs + 500);
  });
  try {
    return await Promise.race([work(), late]);
  } catch (error) {
    return [notChecked('failed', `everything here: the check itself failed (${reasonOf(error)})`, 'Report this with the output of `raxed doctor --json`.')];
  } finally {
    clearTimeout(timer);
  }
}

/** A library's message may hold anything, ours holds no secret. */
function reasonOf(error: unknown): string {
  if (error instanceof ConfigError || error instanceof RaxedError) return error.message;
  return errnoOf(error) ?? (error instanceof Error ? error.name : 'unknown error');
}
