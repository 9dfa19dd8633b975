import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Examination } from '../doctor/examination.js';
import { examine } from '../doctor/examination.js';
import type { Finding, Group, Status } from '../doctor/finding.js';
import { GROUPS, summaryOf } from '../doctor/finding.js';
import { runCommand } from '../doctor/probes/command.js';
import { RaxedError } from '../errors.js';
import { nearest } from '../nearest.js';
import { nodeClock } from '../platform/node.js';
import { VERSION } from '../version.js';
import { defineCommand } from './command.js';
import type { Io } from './io.js';
import { wantsColour, written } from './io.js';
import type { Paint } from './render.js';
import { counted, paint, plain } from './render.js';

const DEFAULT_TIMEOUT_MS = 5000;
const PROBLEM_EXIT = 4;

export const doctor = defineCommand({
  examples: [
    ['sudo $0', 'looks at the service of this machine, up or down: exit 0 when nothing is wrong, 4 when something is'],
    ['$0 --config ./config.json --offline', 'a daemon run by hand; nothing leaves the machine'],
    ['sudo $0 --only destinations,clock', 'only whether the SOC and the SIEMs can be reached'],
    ['sudo $0 --json', 'the same for a program: { checks, summary }'],
  ],
  values: { config: 'path', socket: 'path', only: GROUPS },
  build: (parser) => parser
    .option('config', { type: 'string', requiresArg: true, describe: 'The configuration file (else the service\'s, or RAXED_CONFIG, or this user\'s)' })
    .option('socket', { type: 'string', requiresArg: true, describe: 'The daemon\'s control socket (else that of the configuration)' })
    .option('json', { type: 'boolean', describe: 'One JSON document on standard output, nothing else' })
    .option('offline', { type: 'boolean', describe: 'Nothing leaves this machine: no name is looked up, no destination asked' })
    .option('timeout', { type: 'number', requiresArg: true, default: DEFAULT_TIMEOUT_MS, describe: 'Milliseconds that each check may take' })
    .option('only', { type: 'string', requiresArg: true, describe: `Only these, between commas: ${GROUPS.join(', ')}` }),
  async run(args, io) {
    if (!Number.isInteger(args.timeout) || args.timeout < 100 || args.timeout > 600_000) throw new RaxedError('USAGE', '--timeout takes a number of milliseconds from 100 to 600000');
    const { config, socket, offline, timeout: timeoutMs } = args;
    return showExamination(await examineHere({ config, socket, offline: offline === true, timeoutMs, groups: groupsOf(args.only) }, io), args.json === true, io);
  },
});

/** This machine; paths are from the working folder on. */
export function examineHere({ config, socket, ...options }: Parameters<typeof examine>[0], io: Io): Promise<Examination> {
  const at = (path: string | undefined): string | undefined => (path === undefined || path === '' ? undefined : resolve(io.cwd, path));
  return examine(
    { config: at(config), socket: at(socket), ...options },
    { clock: nodeClock, command: runCommand, env: io.env, home: io.home, cwd: io.cwd, uid: process.getuid?.() ?? 0, hostname: hostname(), systemd: existsSync('/run/systemd/system') },
  );
}

/** The document of --json. */
export function documentOf({ findings }: Pick<Examination, 'findings'>): object {
  return { checks: findings, summary: summaryOf(findings) };
}

function groupsOf(only: string | undefined): readonly Group[] {
  if (only === undefined) return GROUPS;
  return only.split(',').map((word) => {
    const group = GROUPS.find((name) => name === word.trim());
    if (group !== undefined) return group;
    const hint = nearest(word.trim(), GROUPS);
    throw new RaxedError('USAGE', `--only takes some of ${GROUPS.join(', ')}${hint === undefined ? '' : `; did you mean ${hint}?`}`);
  });
}

/** The exit code: 0, or 4 when there is a problem. */
export async function showExamination({ subject, findings }: Examination, json: boolean, io: Pick<Io, 'stdout' | 'env'>): Promise<number> {
  const summary = summaryOf(findings);
  await written(io.stdout, json ? `${JSON.stringify(documentOf({ findings }))}\n` : renderExamination({ subject, findings }, paint(wantsColour(io))));
  return summary.problems > 0 ? PROBLEM_EXIT : 0;
}

const MARKS: Readonly<Record<Status, string>> = { ok: '✓', warning: '!', problem: '✗', not_checked: '–' };

function renderExamination({ subject: { site, account }, findings }: Examination, style: Paint): string {
  const { problems, warnings } = summaryOf(findings);
  const paintOf: Readonly<Record<Status, (text: string) => string>> = { ok: style.good, warning: style.warn, problem: style.bad, not_checked: style.faint };
  const line = ({ status, says, advice }: Finding): string => {
    const text = `${status === 'not_checked' ? 'not checked: ' : ''}${plain(says)}`;
    return `  ${paintOf[status](MARKS[status])} ${status === 'not_checked' ? style.faint(text) : text}\n${advice === undefined ? '' : `    → ${plain(advice)}\n`}`;
  };
  const last = `${counted(problems, 'problem')}, ${counted(warnings, 'warning')}`;
  return [
    `raxed ${VERSION} looks at ${site.kind === 'service' ? 'the service of this machine' : 'a daemon run by hand'}: ${plain(site.paths.configFile)}${account === undefined ? '' : `, user ${plain(account.name)}`}\n`,
    ...GROUPS.flatMap((group) => {
      const own = findings.filter((finding) => finding.group === group);
      return own.length === 0 ? [] : [`\n${style.strong(`${group.charAt(0).toUpperCase()}${group.slice(1)}`)}\n`, ...own.map(line)];
    }),
    `\n${problems > 0 ? style.bad(last) : warnings > 0 ? style.warn(last) : style.good(last)}\n`,
  ].join('');
}
