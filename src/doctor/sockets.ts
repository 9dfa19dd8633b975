import { dirname } from 'node:path';
import type { Finding } from './finding.js';
import { AS_ROOT, judgeOf } from './finding.js';
import type { Account, Way } from './permissions.js';
import { modeText, targetOf } from './permissions.js';
import type { Site } from './site.js';

/** A unix socket: how it stands on the disk, and what came of calling it. */
export interface SeenSocket {
  readonly path: string;
  readonly way: Way;
  readonly answer:
    | { readonly kind: 'answered'; readonly version: string; readonly protocol: number; readonly ready: boolean; readonly ms: number }
    | { readonly kind: 'refused' | 'silent' | 'forbidden' | 'absent' | 'alien' };
}

export interface SeenPort {
  readonly setting: 'http' | 'metrics';
  readonly address: string;
  readonly listening: boolean;
}

export interface SocketsFacts {
  readonly site: Site;
  readonly account: Account | undefined;
  /** The group of the service, by number; undefined where it does not exist or is not known. */
  readonly gid: number | undefined;
  readonly control: SeenSocket;
  readonly scan: SeenSocket;
  readonly ports: readonly SeenPort[];
  /** Of this program. */
  readonly own: { readonly version: string; readonly protocol: number };
}

const { ok, warning, problem, notChecked } = judgeOf('sockets');

export function judgeSockets(facts: SocketsFacts): Finding[] {
  const { control, scan, own } = facts;
  return [
    judgeSocket('control', control, facts),
    ...judgeModes('control', control, facts),
    ...judgeVersion(control.answer.kind === 'answered' ? control : scan, own),
    // Where no daemon runs, once is enough.
    ...(control.answer.kind === 'absent' && scan.answer.kind === 'absent' ? [] : [judgeSocket('scan', scan, facts)]),
    ...judgeModes('scan', scan, facts),
    ...facts.ports.map((port) => judgePort(port, control.answer.kind === 'answered' || scan.answer.kind === 'answered')),
  ];
}

function judgeSocket(name: 'control' | 'scan', { path, way, answer }: SeenSocket, { site }: SocketsFacts): Finding {
  const start = site.kind === 'service' ? '`sudo systemctl start raxed`' : `\`raxed run --config ${site.paths.configFile}\``;
  const data = { path };
  switch (answer.kind) {
    case 'answered': return answer.ready ? ok(name, `the daemon answers on ${path} in ${answer.ms} ms`, data)
      : problem(name, `the daemon answers on ${path}, but its data path does not move`, 'Look at the disk below, and at `raxed ctl status`.', data);
    case 'forbidden': return name === 'control' ? notChecked(name, `this user may not use ${path}: only root and the daemon's user may`, AS_ROOT)
      : warning(name, `this user may not scan over ${path}`, 'Become a member of the group: `sudo usermod -aG raxed USER`, then log in again.', data);
    case 'refused': return problem(name, `${path} is a left-over: nobody listens on it, the daemon was killed`, `Start the daemon, which replaces it: ${start}.`, data);
    case 'silent': return problem(name, `something holds ${path} and does not answer: the daemon stands still, or has too many connections`, `See \`systemctl status raxed\`; the watchdog starts it again within two minutes, \`sudo systemctl restart raxed\` at once. What waits is kept.`, data);
    case 'alien': return problem(name, `what answers on ${path} is not raxed`, 'Find out what it is with `sudo ss -xlp`, and give one of the two another path (control.socket).', data);
    case 'absent': {
      const entry = targetOf(way);
      if (entry !== undefined && entry.kind !== 'socket') return problem(name, `${path} is there and is no socket`, `Move it away, and start the daemon: ${start}.`, data);
      if (way.stopped?.errno === 'EACCES') return notChecked(name, `this user may not look into ${dirname(path)}`, AS_ROOT);
      return problem(name, `no daemon runs here: there is no socket ${path}`, `Start it: ${start}; or name its socket with --socket.`, data);
    }
  }
}

function judgeModes(name: 'control' | 'scan', { path, way }: SeenSocket, { site, account, gid }: SocketsFacts): Finding[] {
  const entry = targetOf(way);
  if (entry?.kind !== 'socket') return [];
  const folder = way.entries.at(-2);
  const [wanted, who] = name === 'control' ? [0o600, 'everything'] as const : [0o660, 'scans'] as const;
  const restart = 'The daemon sets it at each start: `sudo systemctl restart raxed`. If it comes back, something else changes it.';
  return [
    ...((entry.mode & 0o777 & ~wanted) !== 0 ? [problem('mode', `${path} has mode ${modeText(entry.mode)}: more users than wanted may use it for ${who}`, restart, { path, mode: modeText(entry.mode) })] : []),
    ...(name === 'scan' && (entry.mode & 0o060) !== 0o060 ? [warning('mode', `${path} has mode ${modeText(entry.mode)}: members of the group cannot use it`, restart, { path, mode: modeText(entry.mode) })] : []),
    ...(account !== undefined && entry.uid !== account.uid && entry.uid !== 0 ? [warning('owner', `${path} belongs to another user (uid ${entry.uid}) than ${account.name}`, `See who runs it: \`sudo ss -xlp\`.`, { path })] : []),
    ...(name === 'scan' && site.kind === 'service' && gid !== undefined && entry.gid !== gid ? [warning('owner', `${path} belongs to another group (gid ${entry.gid}) than the service's: its members cannot use it`, 'Look at Group= in `systemctl cat raxed`, then restart it.', { path })] : []),
    ...(name === 'scan' && site.kind === 'service' && folder !== undefined && (folder.mode & 0o010) === 0 && (folder.mode & 0o001) === 0 ? [warning('folder', `${folder.path} (mode ${modeText(folder.mode)}) does not let members of the group reach scan.sock`, 'Set RuntimeDirectoryMode=0750 with `sudo systemctl edit raxed`, then restart it.')] : []),
    ...(folder !== undefined && (folder.mode & 0o022) !== 0 && (folder.mode & 0o1000) === 0 ? [warning('folder', `${folder.path} (mode ${modeText(folder.mode)}) can be written by others: they could replace the sockets`, `Run \`sudo chmod go-w ${folder.path}\`.`)] : []),
  ];
}

function judgeVersion({ answer }: SeenSocket, own: SocketsFacts['own']): Finding[] {
  if (answer.kind !== 'answered') return [];
  const { version, protocol } = answer;
  const data = { daemon: version, program: own.version };
  if (protocol !== own.protocol) return [problem('version', `the daemon is raxed ${version} and this program ${own.version}: they do not understand each other`, 'Restart the daemon after an upgrade: `sudo systemctl restart raxed`; else install the same version on both sides.', data)];
  if (version !== own.version) return [warning('version', `the daemon is raxed ${version}, this program ${own.version}`, 'Restart the daemon: `sudo systemctl restart raxed`; nothing that waits is lost.', data)];
  return [ok('version', `the daemon and this program are both raxed ${version}`, data)];
}

function judgePort({ setting, address, listening }: SeenPort, running: boolean): Finding {
  const data = { address };
  if (!running) return notChecked(setting, `control.${setting} on ${address}: no daemon runs`);
  if (listening) return ok(setting, `control.${setting} listens on ${address}`, data);
  return problem(setting, `control.${setting} does not listen on ${address}`, 'A listener that was added later needs a restart: `sudo systemctl restart raxed`.', data);
}
