import type { Config } from '../config/schema.js';
import type { ConfigProblem } from '../errors.js';
import { describeProblem } from '../errors.js';
import type { Finding } from './finding.js';
import { AS_ROOT, counted, judgeOf } from './finding.js';
import type { Site } from './site.js';

/** What reading the configuration file came to. */
export type ReadConfig =
  | { readonly kind: 'read'; readonly config: Config; readonly warnings: readonly ConfigProblem[]; readonly digest: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly errno: string }
  | { readonly kind: 'invalid'; readonly problems: readonly ConfigProblem[] };

/** Likewise of the tenants made with `ctl`. */
export type ReadTenants =
  | { readonly kind: 'none' }
  | { readonly kind: 'merged'; readonly mssps: number; readonly customers: number }
  | { readonly kind: 'unreadable'; readonly errno: string }
  | { readonly kind: 'damaged'; readonly problem: string };

export interface ConfigurationFacts {
  readonly site: Site;
  readonly read: ReadConfig;
  readonly tenants: ReadTenants | undefined;
  /** File and tenants together; undefined without a valid file. */
  readonly effective: { readonly config: Config; readonly warnings: readonly ConfigProblem[] } | undefined;
  /** `config` of the running daemon's status; undefined where none answers. */
  readonly running: RunningConfig | undefined;
}

export interface RunningConfig {
  readonly file: string;
  readonly digest: string | undefined;
  readonly lastError: string | undefined;
  readonly restartRequired: boolean;
}

const { ok, warning, problem, notChecked } = judgeOf('configuration');

export function judgeConfiguration(facts: ConfigurationFacts): Finding[] {
  return [...judgeFile(facts), ...judgeTenants(facts), ...judgeContent(facts), ...judgeInForce(facts)];
}

function judgeFile({ site, read }: ConfigurationFacts): Finding[] {
  const file = site.paths.configFile;
  switch (read.kind) {
    case 'read': return [
      ok('file', `${file} is there and valid`, { file }),
      ...read.warnings.map(({ pointer, message }) => warning('file', describeProblem({ pointer, message }), pointer === '' && message.includes('by every user')
        ? `Run \`${site.kind === 'service' ? `sudo chown root:raxed ${file} && sudo chmod 0640 ${file}` : `chmod 0600 ${file}`}\`.`
        : `Look at this place in ${file}.`, { file, pointer })),
    ];
    case 'missing': return site.kind === 'service' || site.paths.configFileNamed
      ? [problem('file', `there is no file ${file}, and without it the daemon does not start`, site.kind === 'service'
        ? `Run \`sudo raxed config init ${file} && sudo chown root:raxed ${file} && sudo chmod 0640 ${file}\`, then put your MSSP and customer into it (README, "Configuration").`
        : `Run \`raxed config init ${file}\`, or correct --config or RAXED_CONFIG.`, { file })]
      : [warning('file', `there is no configuration: ${file} does not exist, and no service is installed`, 'Install the package (`sudo apt-get install ./raxed_….deb`); or, for a daemon run by hand, run `raxed config init` and put your MSSP and customer into the file that it names; or give the file with --config.', { file })];
    case 'unreadable': return read.errno === 'EACCES'
      ? [notChecked('file', `this user may not read ${file}`, AS_ROOT)]
      : [problem('file', `${file} cannot be read (${read.errno})`, 'It must be a regular file of less than 16 MiB on a disk that works.', { file })];
    case 'invalid': return read.problems.map(({ pointer, message }) => problem('file', `${file} is not valid: ${describeProblem({ pointer, message })}`,
      `Correct ${pointer === '' ? 'this' : `the value at ${pointer}`} in ${file}; \`raxed config check ${file}\` says when it is right. A running daemon keeps the last good configuration; one that starts refuses.`, { file, pointer }));
  }
}

function judgeTenants({ site, tenants }: ConfigurationFacts): Finding[] {
  const file = site.paths.tenantsFile;
  switch (tenants?.kind) {
    case undefined: case 'none': return [];
    case 'merged': return [ok('tenants', `${counted(tenants.mssps, 'MSSP')} and ${counted(tenants.customers, 'customer')} made with \`raxed ctl\` are in ${file}`, { file, mssps: tenants.mssps, customers: tenants.customers })];
    case 'unreadable': return tenants.errno === 'EACCES'
      ? [notChecked('tenants', `this user may not read ${file}, where the tenants made with \`raxed ctl\` are`, AS_ROOT)]
      : [problem('tenants', `${file}, where the tenants made with \`raxed ctl\` are, cannot be read (${tenants.errno})`, 'It must be a regular file; move anything else away and start the daemon again.')];
    case 'damaged': return [problem('tenants', `${file} is damaged: ${tenants.problem}`, 'The tenants in it are not in force. Put a copy from a backup in its place and start the daemon again, or make them again with `raxed ctl mssp create` and `raxed ctl customer create`.')];
  }
}

function judgeContent({ site, effective }: ConfigurationFacts): Finding[] {
  if (effective === undefined) return [];
  const file = site.paths.configFile;
  const { config: { mssps, agent }, warnings } = effective;
  const customers = mssps.flatMap((mssp) => mssp.customers.map(({ id }) => `${mssp.id}/${id}`));
  return [
    // What is wrong with `agent` is said below.
    ...warnings.filter(({ pointer }) => !pointer.startsWith('/agent')).map((each) => warning('tenants', describeProblem(each), `Change this in ${file}, or what was made with ctl (\`raxed ctl mssp list\`, \`raxed ctl customer list\`).`)),
    mssps.length === 0
      ? problem('mssp', 'there is no MSSP: no threat is delivered anywhere', `Add one under "mssps" in ${file}, or run \`sudo raxed ctl mssp create --id … --name … --webhook-url … --webhook-secret -\`.`)
      : customers.length === 0
        ? problem('customer', `the MSSP ${mssps[0]?.id ?? ''} has no customer: no threat is delivered anywhere`, `Add one under "customers" of the MSSP in ${file}, or run \`sudo raxed ctl customer create --mssp ${mssps[0]?.id ?? 'ID'} --id … --name …\`.`)
        : ok('customer', `${counted(mssps.length, 'MSSP')} and ${counted(customers.length, 'customer')} (${customers.slice(0, 5).join(', ')}${customers.length > 5 ? ', …' : ''})`, { customers }),
    agent === null
      ? warning('agent', '`agent` is not set: no heartbeats are sent, and a scan must name its MSSP and customer itself', `Add "agent": { "id": "agent_…", "mssp_id": "…", "customer_id": "…" } to ${file}.`)
      : customers.includes(`${agent.mssp_id}/${agent.customer_id}`)
        ? ok('agent', `this agent is ${agent.id} of ${agent.mssp_id}/${agent.customer_id}`, { agent: agent.id })
        : problem('agent', `\`agent\` names ${agent.mssp_id}/${agent.customer_id}, and there is no such customer: no heartbeats are sent`, `Correct /agent/mssp_id and /agent/customer_id in ${file}, or make that customer.`),
  ];
}

function judgeInForce({ site, read, running }: ConfigurationFacts): Finding[] {
  const file = site.paths.configFile;
  if (running === undefined) return [notChecked('in_force', 'whether a daemon has this file in force: none could be asked')];
  if (running.file !== file) return [problem('in_force', `the running daemon reads ${running.file}, not ${file}`, `Edit ${running.file}, or start the daemon with \`--config ${file}\`.`, { running: running.file })];
  const restart = running.restartRequired ? [warning('restart', 'a part of the file (state_dir or control) holds only after a restart', 'Run `sudo systemctl restart raxed`; nothing that waits is lost.')] : [];
  if (running.lastError !== undefined) return [problem('in_force', `the running daemon refused this file and keeps the one before: ${running.lastError}`, `Correct ${file}; the daemon takes it up by itself within a second.`), ...restart];
  if (read.kind !== 'read' || running.digest === undefined) return [notChecked('in_force', 'whether the running daemon has exactly this file in force'), ...restart];
  if (running.digest !== read.digest) return [problem('in_force', `the running daemon has another version of ${file} in force`, 'Run `sudo systemctl reload raxed` (or `raxed ctl reload`), which says what is wrong.'), ...restart];
  return [ok('in_force', 'the running daemon has exactly this file in force'), ...restart];
}
