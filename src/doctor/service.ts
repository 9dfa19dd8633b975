import type { Finding } from './finding.js';
import { AS_ROOT, counted, judgeOf } from './finding.js';
import type { Account } from './permissions.js';
import type { Site } from './site.js';
import type { Unit } from './unit.js';

export interface ServiceFacts {
  readonly site: Site;
  /** This machine was booted with systemd. */
  readonly systemd: boolean;
  /** Undefined where systemctl is missing or said nothing. */
  readonly unit: Unit | undefined;
  readonly account: Account | undefined;
  /** Members of the group raxed beside the service's user; undefined when there is no such group. */
  readonly members: readonly string[] | undefined;
  /** How often the watchdog has ended it in the last seven days; undefined where the journal is not to be read. */
  readonly watchdogEvents: number | undefined;
}

const { ok, warning, problem, notChecked } = judgeOf('service');
const MANY_RESTARTS = 3;
const JOURNAL = '`sudo journalctl -u raxed -n 50`';

export function judgeService(facts: ServiceFacts): Finding[] {
  if (facts.site.kind === 'person') return [notChecked('unit', 'the service: what is looked at is a daemon that somebody runs by hand')];
  return [...judgeUnit(facts), ...judgeAccounts(facts)];
}

function judgeUnit({ systemd, unit, watchdogEvents }: ServiceFacts): Finding[] {
  if (!systemd) return [notChecked('unit', 'the unit: this machine was not booted with systemd')];
  if (unit === undefined) return [notChecked('unit', 'the unit: systemctl did not answer')];
  if (unit.loadState === 'not-found') return [problem('unit', 'systemd knows no raxed.service', 'Install the package (`sudo apt-get install ./raxed_….deb`), or copy systemd/raxed.service to /etc/systemd/system and run `sudo systemctl daemon-reload`.')];
  if (unit.loadState === 'masked') return [problem('unit', 'raxed.service is masked: it can never start', 'Run `sudo systemctl unmask raxed`.')];
  if (unit.loadState !== 'loaded') return [problem('unit', `systemd cannot load raxed.service (${unit.loadState})`, 'Run `systemd-analyze verify raxed.service`, which names the line; drop-ins are in /etc/systemd/system/raxed.service.d.')];
  return [
    judgeActive(unit),
    ...(['enabled', 'enabled-runtime', 'static', 'alias', 'linked', 'generated'].includes(unit.unitFileState) ? [ok('enabled', 'it starts with the machine')]
      : [warning('enabled', 'it does not start with the machine', 'Run `sudo systemctl enable raxed`.')]),
    ...(unit.needsReload ? [warning('changed', 'a file of the unit was changed and systemd has not read it', 'Run `sudo systemctl daemon-reload && sudo systemctl restart raxed`.')] : []),
    ...(unit.restarts >= MANY_RESTARTS ? [warning('restarts', `it was started again ${unit.restarts} times after it had ended by itself`, `Look for why it ended: ${JOURNAL}.`, { restarts: unit.restarts })] : []),
    ...(watchdogEvents === undefined ? [notChecked('watchdog', 'how often the watchdog ended it: the journal cannot be read', AS_ROOT)]
      : watchdogEvents > 0 ? [warning('watchdog', `the watchdog ended it ${counted(watchdogEvents, 'time')} in the last seven days: it stood still for a minute`, `Look at what stood around it: ${JOURNAL}; usually a disk that does not answer, or a machine without memory.`, { events: watchdogEvents })] : []),
  ];
}

function judgeActive(unit: Unit): Finding {
  const last = lastExit(unit);
  const data = { active_state: unit.activeState, sub_state: unit.subState, result: unit.result, exit_status: unit.exitStatus, restarts: unit.restarts };
  if (unit.activeState === 'active') return ok('active', `raxed.service runs (pid ${unit.mainPid})`, data);
  if (unit.activeState === 'reloading') return ok('active', 'raxed.service is reading its configuration again', data);
  if (unit.activeState === 'activating' && unit.subState !== 'auto-restart') return warning('active', 'raxed.service is just starting', 'Run `raxed doctor` again in a few seconds.', data);
  if (unit.activeState === 'inactive' && unit.result === 'success') return problem('active', 'raxed.service does not run: it was stopped, or never started', 'Run `sudo systemctl start raxed`.', data);
  const waits = unit.subState === 'auto-restart' ? 'raxed.service ends again and again' : 'raxed.service has failed';
  return problem('active', `${waits}: ${last.says}`, last.advice, data);
}

/** Exit codes of raxed (README), and of systemd where it could not even start it (systemd.exec(5)). */
function lastExit({ result, exitStatus }: Unit): { says: string; advice: string } {
  const restart = 'then `sudo systemctl restart raxed`';
  if (result === 'watchdog') return { says: 'the watchdog ended it, because it stood still for a minute', advice: `See ${JOURNAL}; usually a disk does not answer.` };
  if (result === 'oom-kill') return { says: 'it took more memory than the machine or MemoryMax= of the unit allows', advice: 'Raise MemoryMax= with `sudo systemctl edit raxed`, or give the machine more memory.' };
  if (result === 'timeout') return { says: 'it was not ready within the time of the unit', advice: `See ${JOURNAL}, and whether systemd-notify is installed (below).` };
  if (result === 'signal' || result === 'core-dump') return { says: `a signal ended it (${exitStatus})`, advice: `See ${JOURNAL}; signal 31 (SIGSYS) is a SystemCallFilter= that is too narrow.` };
  switch (exitStatus) {
    case 3: return { says: 'its configuration is wrong (exit 3)', advice: `Correct what stands above under "Configuration" and "Files", ${restart}.` };
    case 4: return { says: 'it could not start (exit 4)', advice: `Its state folder or a socket could not be used, see above and below, or another daemon holds them; ${JOURNAL} names which.` };
    case 200: return { says: 'its folder could not be entered (exit 200)', advice: 'Look at WorkingDirectory= in `systemctl cat raxed`.' };
    case 203: return { says: 'its program could not be run (exit 203)', advice: 'Look at ExecStart= in `systemctl cat raxed`: the program must be there and executable. Install the package again.' };
    case 216: return { says: 'its group does not exist (exit 216)', advice: `Run \`sudo systemd-sysusers\`, ${restart}.` };
    case 217: return { says: 'its user does not exist (exit 217)', advice: `Run \`sudo systemd-sysusers\`, ${restart}.` };
    case 226: return { says: 'its sandbox could not be made (exit 226)', advice: `A folder that the unit names is missing: run \`sudo systemd-tmpfiles --create\`, ${restart}; ${JOURNAL} names it.` };
    case 233: return { says: 'its folder in /run could not be made (exit 233)', advice: `/run may be full (\`df /run\`), or /run/raxed not a folder: make room or move it away, ${restart}.` };
    case 238: return { says: 'its state folder could not be made (exit 238)', advice: `/var/lib/raxed must be a folder on a disk that can be written: systemd takes no symbolic link. To have it elsewhere, mount that place on /var/lib/raxed (a bind mount in /etc/fstab), ${restart}.` };
    case 243: return { says: 'its credentials could not be read (exit 243)', advice: 'Look at LoadCredential= in `systemctl cat raxed`: the file must be there.' };
    default: return { says: `it ended with ${exitStatus}`, advice: `See ${JOURNAL} for what it said.` };
  }
}

function judgeAccounts({ account, members, unit }: ServiceFacts): Finding[] {
  const group = unit?.group === undefined || unit.group === '' ? 'raxed' : unit.group;
  return [
    account === undefined ? problem('user', 'the user that the service runs as does not exist', 'Run `sudo systemd-sysusers`; the package brings /usr/lib/sysusers.d/raxed.conf.') : ok('user', `the service's user is ${account.name} (uid ${account.uid})`),
    members === undefined ? problem('group', `there is no group ${group}`, 'Run `sudo systemd-sysusers`.')
      : members.length === 0 ? warning('group', `nobody is a member of the group ${group}: no application but root's can scan over scan.sock`, `Run \`sudo usermod -aG ${group} USER\` for the user of each application, and start the application again.`)
        : ok('group', `members of the group ${group}, who may scan: ${members.join(', ')}`, { members }),
  ];
}
