import { readFile } from 'node:fs/promises';
import { isThere } from '../../client/control-socket.js';
import type { Env } from '../../config/paths.js';
import { SYSTEM_CONFIG_FILE } from '../../config/paths.js';
import type { DaemonFacts } from '../daemon.js';
import type { ExaminationOptions, ExaminationPorts } from '../examination.js';
import type { Account } from '../permissions.js';
import { targetOf } from '../permissions.js';
import type { Site } from '../site.js';
import { siteOf } from '../site.js';
import type { SeenSocket } from '../sockets.js';
import type { Unit } from '../unit.js';
import { parseUnit, UNIT_PROPERTIES } from '../unit.js';
import { accountOf, groupOf } from './accounts.js';
import type { Command } from './command.js';
import type { Seen } from './configuration.js';
import { seeConfiguration } from './configuration.js';
import { askStatus, seeSocket } from './sockets.js';

/** Whom the checks are about: found out first, since all of them ask. */
export interface Subject {
  readonly site: Site;
  readonly unit: Unit | undefined;
  readonly seen: Omit<Seen, 'paths'>;
  /** Who runs the daemon, or would. */
  readonly account: Account | undefined;
  readonly control: SeenSocket;
  readonly scan: SeenSocket;
  readonly daemon: DaemonFacts;
  /** The daemon's Node, where it answers. */
  readonly node: string | undefined;
}

const UNIT_TIMEOUT_MS = 4000;
const DEFAULT_USER = 'raxed';

export async function subjectOf({ config, socket, timeoutMs }: ExaminationOptions, ports: ExaminationPorts): Promise<Subject> {
  const { env, home, cwd, command } = ports;
  // Others are waiting for what the daemon says.
  const callMs = Math.ceil(timeoutMs / 2);
  const monotonic = (): number => ports.clock.monotonic();
  const [unit, there] = await Promise.all([unitOf(ports), socket === undefined ? undefined : askStatus(socket, callMs)]);
  const found = siteOf({
    named: config ?? (there?.kind === 'status' && there.status.config.file !== '' ? there.status.config.file : undefined),
    unit, hasSystemFile: isThere(SYSTEM_CONFIG_FILE), processEnv: await environOf(unit?.mainPid ?? 0), shell: { env, home, cwd },
  });
  const { paths, ...seen } = await seeConfiguration(found.paths, found.env);
  const controlPath = socket ?? paths.controlSocket;
  const [control, scan, daemon] = await Promise.all([
    seeSocket(controlPath, { timeoutMs: callMs, monotonic }), seeSocket(paths.scanSocket, { timeoutMs: callMs, monotonic }), there ?? askStatus(controlPath, callMs),
  ]);
  const site = { ...found, paths: { ...paths, controlSocket: controlPath } };
  const account = site.kind === 'service' ? await serviceAccount(unit, command) : await accountOf(targetOf(control.way)?.uid ?? ports.uid, command);
  return { site, unit, seen, control, scan, daemon, node: control.node ?? scan.node, account };
}

/** The unit's Group= is the daemon's, whatever the user's own is. */
async function serviceAccount(unit: Unit | undefined, command: Command): Promise<Account | undefined> {
  const [account, group] = await Promise.all([accountOf((unit?.user ?? '') || DEFAULT_USER, command), groupOf((unit?.group ?? '') || DEFAULT_USER, command)]);
  return account === undefined || group === undefined ? account : { ...account, gids: [...new Set([group.gid, ...account.gids])] };
}

async function unitOf({ systemd, command }: ExaminationPorts): Promise<Unit | undefined> {
  if (!systemd) return undefined;
  const shown = await command('systemctl', ['show', 'raxed.service', '--no-pager', ...UNIT_PROPERTIES.map((name) => `--property=${name}`)], UNIT_TIMEOUT_MS);
  return shown?.code === 0 ? parseUnit(shown.stdout) : undefined;
}

/** The environment of a running process, proc(5); undefined where it may not be read. */
async function environOf(pid: number): Promise<Env | undefined> {
  if (pid === 0) return undefined;
  try {
    const words = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0').filter((word) => word.includes('='));
    return Object.fromEntries(words.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]));
  } catch {
    return undefined;
  }
}
