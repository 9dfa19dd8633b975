import type { Finding } from './finding.js';
import { AS_ROOT, judgeOf } from './finding.js';
import type { Account, Way } from './permissions.js';
import { modeText, readObstacle, targetOf, writeObstacle } from './permissions.js';
import type { Reference, References } from './references.js';
import type { Site } from './site.js';

/** One file that is referred to, as it is on the disk. */
export interface SeenFile {
  readonly reference: Reference;
  readonly way: Way;
  /** What is wrong with a secret's content; undefined also where it could not be read. */
  readonly unusable: string | undefined;
}

export interface StateFacts {
  readonly way: Way;
  /** Left-over `.bad` and `.damaged-…` files, and files of another owner than the folder's; names from the folder on. */
  readonly left: readonly string[];
  readonly foreign: readonly string[];
}

export interface FilesFacts {
  readonly site: Site;
  /** Who runs the daemon; undefined where there is no such user. */
  readonly account: Account | undefined;
  readonly config: Way;
  readonly references: References | undefined;
  readonly seen: readonly SeenFile[];
  readonly state: StateFacts;
  readonly rules: readonly { readonly folder: string; readonly way: Way; readonly problems: readonly string[] }[];
}

const { ok, warning, problem, notChecked } = judgeOf('files');
const NAMED = 5;

export function judgeFiles(facts: FilesFacts): Finding[] {
  const { account } = facts;
  if (account === undefined) return [notChecked('account', 'who may read what: there is no user to run the daemon as')];
  return [
    ...judgeConfigFile(facts, account),
    ...facts.seen.flatMap((file) => judgeReference(file, facts.site, account)),
    ...judgeEnvironment(facts),
    ...judgeState(facts, account),
    ...facts.rules.flatMap((rules) => judgeRules(rules, facts.site, account)),
  ];
}

function judgeConfigFile({ site, config }: FilesFacts, account: Account): Finding[] {
  const entry = targetOf(config);
  if (entry === undefined) return [];
  const file = site.paths.configFile;
  const restore = grant(file, site, account);
  const blocked = readObstacle(config, account);
  const out = hidden(entry.path, site);
  if (blocked !== undefined) return [problem('config', `the daemon's user ${account.name} cannot read ${file}: ${blocked.says}`, blocked.folder === undefined ? restore : folderAdvice(blocked.folder, site, account), { file })];
  if (out !== undefined) return [problem('config', `the daemon's user ${account.name} cannot read ${file}: ${out}`, `Move it to /etc/raxed, and name the new place behind --config with \`sudo systemctl edit raxed\`.`, { file })];
  const writable = site.kind === 'service' && writeBits(entry.uid, entry.mode, account, entry.gid);
  if (writable) return [warning('config', `${file} (mode ${modeText(entry.mode)}) can be changed by ${account.name} or by everybody: whoever takes the daemon over could redirect what it sends`, restore, { file })];
  return [ok('config', `${file} (mode ${modeText(entry.mode)}) can be read by ${account.name}`, { file })];
}

function writeBits(uid: number, mode: number, account: Account, gid: number): boolean {
  if (account.uid === 0) return false;
  return uid === account.uid || (mode & 0o002) !== 0 || (account.gids.includes(gid) && (mode & 0o020) !== 0);
}

function judgeReference({ reference: { path, pointer, kind }, way, unusable }: SeenFile, site: Site, account: Account): Finding[] {
  const at = `${path} (${pointer})`;
  const { stopped } = way;
  const data = { path, pointer };
  if (stopped !== undefined) {
    if (stopped.errno === 'EACCES') return [notChecked(kind, `this user may not look at ${at}`, AS_ROOT)];
    return [problem(kind, `there is no ${WORDS[kind]} ${at}${stopped.path === path ? '' : `: ${stopped.path} does not exist`}`, `Put the file there, or correct ${pointer} in ${site.paths.configFile}.`, data)];
  }
  const entry = way.entries.at(-1);
  if (entry === undefined || entry.kind !== 'file') return [problem(kind, `${at} is not a regular file`, `Correct ${pointer} in ${site.paths.configFile}.`, data)];
  const out = hidden(entry.path, site);
  if (out !== undefined) return [problem(kind, `the daemon's user ${account.name} cannot read the ${WORDS[kind]} ${at}: ${out}`, `Move it: \`sudo mv ${path} /etc/raxed/\`, and name the new place at ${pointer} in ${site.paths.configFile}.`, data)];
  const blocked = readObstacle(way, account);
  if (blocked !== undefined) return [problem(kind, `the daemon's user ${account.name} cannot read the ${WORDS[kind]} ${at}: ${blocked.says}`, blocked.folder === undefined ? grant(path, site, account) : folderAdvice(blocked.folder, site, account), data)];
  if (unusable !== undefined) return [problem(kind, `the ${WORDS[kind]} ${at} ${unusable}`, 'Write the secret alone into the file, as one line of UTF-8.', data)];
  if ((kind === 'secret' || kind === 'key') && (entry.mode & 0o004) !== 0) return [warning(kind, `the ${WORDS[kind]} ${at} can be read by every user of this machine (mode ${modeText(entry.mode)})`, site.kind === 'service' ? grant(path, site, account) : `Run \`chmod 0600 ${path}\`.`, data)];
  return [ok(kind, `the ${WORDS[kind]} ${at} can be read by ${account.name}`, data)];
}

const WORDS = { secret: 'secret\'s file', ca: 'CA file', certificate: 'certificate', key: 'key' } as const;

function judgeEnvironment({ site, references }: FilesFacts): Finding[] {
  if (references === undefined) return [];
  return [
    ...references.env.map(({ name, pointer }) => {
      if ((site.env[name] ?? '') !== '') return ok('env', `the environment variable ${name} (${pointer}) is set`, { pointer });
      if (!site.envKnown) return notChecked('env', `whether the environment variable ${name} (${pointer}) is set for the daemon`, site.kind === 'service' ? AS_ROOT : undefined);
      return problem('env', `the environment variable ${name} (${pointer}) is not set for the daemon`, site.kind === 'service'
        ? `Put the secret into a file and write { "file": "/etc/raxed/…" } at ${pointer} in ${site.paths.configFile}; or add \`EnvironmentFile=\` with \`sudo systemctl edit raxed\`.`
        : `Set ${name} in the shell that starts the daemon.`, { pointer });
    }),
    ...references.credentials.map(({ name, pointer, path }) => {
      if (path !== undefined || site.unit?.credentials.includes(name) === true) return ok('credential', `systemd gives the daemon the credential ${name} (${pointer})`, { pointer });
      if (site.unit === undefined) return notChecked('credential', `whether the daemon gets the credential ${name} (${pointer}): the unit is not known`);
      return problem('credential', `the unit gives the daemon no credential ${name} (${pointer})`, `Run \`sudo systemctl edit raxed\`, add \`[Service]\` and \`LoadCredential=${name}:/etc/raxed/${name}\`, then \`sudo systemctl restart raxed\`.`, { pointer });
    }),
  ];
}

function judgeState({ site, state }: FilesFacts, account: Account): Finding[] {
  const folder = site.paths.stateDir;
  const { way, left, foreign } = state;
  // With a slash, because chown -R changes nothing behind a symbolic link.
  const own = `sudo chown -R ${account.name}:${groupOf(site, account)} ${folder}/ && sudo chmod 0700 ${folder}`;
  if (way.stopped !== undefined) {
    if (way.stopped.errno === 'EACCES') return [notChecked('state', `this user may not look into ${folder}`, AS_ROOT)];
    if (way.stopped.errno !== 'ENOENT') return [problem('state', `the state folder ${folder} cannot be used: ${way.stopped.path} (${way.stopped.errno})`, `Move ${way.stopped.path} away.`)];
    const blocked = site.kind === 'service' ? undefined : writeObstacle({ entries: way.entries }, account);
    return [blocked === undefined
      ? ok('state', `there is no state folder ${folder} yet; it is made at the first start`, { folder })
      : problem('state', `the state folder ${folder} cannot be made: ${blocked.says}`, `Make it: \`sudo install -d -m 0700 -o ${account.name} ${folder}\`.`, { folder })];
  }
  const entry = way.entries.at(-1);
  if (entry?.kind !== 'folder') return [problem('state', `${folder} is not a folder`, `Move it away, or correct state_dir in ${site.paths.configFile}.`, { folder })];
  const blocked = writeObstacle(way, account)?.says ?? hidden(folder, site);
  const main = blocked !== undefined
    ? problem('state', `the daemon's user ${account.name} cannot write to the state folder ${folder}: ${blocked}`, `Run \`${own}\`.`, { folder })
    : (entry.mode & 0o077) !== 0 && (entry.mode & 0o7000) === 0
      ? warning('state', `the state folder ${folder} is open to other users (mode ${modeText(entry.mode)}); events wait in it`, `Run \`sudo chmod 0700 ${folder}\`.`, { folder })
      : ok('state', `${account.name} can write to the state folder ${folder} (mode ${modeText(entry.mode)})`, { folder });
  return [
    main,
    ...(foreign.length === 0 ? [] : [problem('owner', `${some(foreign)} in ${folder} belong${foreign.length === 1 ? 's' : ''} to another user than the daemon's: somebody ran it as another user`, `Stop the daemon, run \`${own}\`, and start it.`, { files: foreign.slice(0, NAMED) })]),
    ...(left.length === 0 ? [] : [warning('left_over', `${some(left)} in ${folder} ${left.length === 1 ? 'was' : 'were'} damaged and set aside; what could be read was recovered`, 'Run `sudo raxed spool check`, keep a copy if somebody is to look at it, then delete them.', { files: left.slice(0, NAMED) })]),
  ];
}

function judgeRules({ folder, way, problems }: FilesFacts['rules'][number], site: Site, account: Account): Finding[] {
  if (way.stopped?.errno === 'EACCES') return [notChecked('rules', `this user may not look into ${folder}`, AS_ROOT)];
  if (way.stopped !== undefined) return [problem('rules', `the folder of rules ${folder} does not exist`, `Make it, or take it out of /scanner/rules_dirs in ${site.paths.configFile}.`, { folder })];
  const blocked = readObstacle(way, account)?.says ?? hidden(folder, site);
  if (blocked !== undefined) return [problem('rules', `the daemon's user ${account.name} cannot read the rules in ${folder}: ${blocked}`, `Run \`sudo chmod -R a+rX ${folder}\`.`, { folder })];
  if (problems.length > 0) return problems.map((each) => problem('rules', each, `Correct or remove the rule; \`raxed rules check ${folder}\` says when it is right.`, { folder }));
  return [ok('rules', `the rules in ${folder} compile and their examples hold`, { folder })];
}

/** What the unit's sandbox hides from the service, whatever the modes say. */
function hidden(path: string, { unit }: Site): string | undefined {
  if (unit?.hidesHomes === true && /^\/(?:home|root|run\/user)(?:\/|$)/.test(path)) return 'the service does not see /home, /root and /run/user (ProtectHome= of the unit)';
  if (unit?.hidesTmp === true && /^\/(?:var\/)?tmp(?:\/|$)/.test(path)) return 'the service has a /tmp of its own (PrivateTmp= of the unit)';
  return undefined;
}

function grant(path: string, site: Site, account: Account): string {
  if (site.kind === 'person') return `Let ${account.name} read it, or run the daemon as a user who may.`;
  return `Run \`sudo chown root:${groupOf(site, account)} ${path} && sudo chmod 0640 ${path}\`.`;
}

function folderAdvice(folder: string, site: Site, account: Account): string {
  if (site.kind === 'person') return `Let ${account.name} pass through ${folder}, or move the file elsewhere.`;
  return `Let ${account.name} pass: \`sudo chgrp ${groupOf(site, account)} ${folder} && sudo chmod g+rx ${folder}\`; or move the file to /etc/raxed.`;
}

/** The service's group by name; Debian's is the user's namesake. */
function groupOf({ unit }: Site, account: Account): string {
  return (unit?.group ?? '') || account.name;
}

function some(names: readonly string[]): string {
  return names.length <= NAMED ? names.join(', ') : `${names.slice(0, NAMED).join(', ')} and ${names.length - NAMED} more`;
}
