import { execFile } from 'node:child_process';
import { readFile, statfs } from 'node:fs/promises';
import { arch, cpus, freemem, loadavg, release, totalmem, uptime } from 'node:os';
import { errnoOf } from '../../errors.js';
import { VERSION } from '../../version.js';
import type { Content, Part } from './part.js';
import { jsonContent, newestLines, reasonOf } from './part.js';

const UNIT = 'raxed.service';
const JOURNAL_LINES = 2000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
/** By name, because others hold the environment, where secrets may stand. */
const UNIT_PROPERTIES = [
  'Id', 'LoadState', 'ActiveState', 'SubState', 'Result', 'UnitFileState', 'FragmentPath', 'DropInPaths', 'NeedDaemonReload', 'StatusText',
  'MainPID', 'NRestarts', 'ExecMainStartTimestamp', 'ExecMainExitTimestamp', 'ExecMainCode', 'ExecMainStatus', 'ActiveEnterTimestamp', 'WatchdogUSec', 'WatchdogTimestamp',
  'User', 'Group', 'UMask', 'StateDirectory', 'RuntimeDirectory', 'MemoryCurrent', 'MemoryPeak', 'MemoryMax', 'TasksCurrent', 'TasksMax', 'LimitNOFILE', 'CPUUsageNSec',
];

/** What the operating system says. `pid` and `versions` are the running daemon's. */
export function hostParts({ stateDir, pid, versions }: { readonly stateDir: string; readonly pid: number | undefined; readonly versions: unknown }): Part[] {
  const ofProcess = (file: string): Part => ({
    name: `process-${file}.txt`, about: `/proc/PID/${file} of the daemon`,
    gather: async () => (pid === undefined ? { missing: 'there is no process to ask' } : { text: await readFile(`/proc/${pid}/${file}`, 'utf8') }),
  });
  return [
    { name: 'versions.json', about: 'versions of raxed, its rules and model, Node, the operating system and the package', gather: (signal) => versionsOf(versions, signal) },
    { name: 'system.json', about: 'room on the disk of the state folder, memory, load', gather: () => system(stateDir) },
    ofProcess('status'), ofProcess('limits'),
    { name: 'unit.txt', about: `systemctl show ${UNIT}, without its environment`, gather: (signal) => unit(signal) },
    { name: 'journal.txt', about: `the ${JOURNAL_LINES} newest lines of journalctl -u ${UNIT}`, gather: (signal) => journal(signal) },
  ];
}

async function versionsOf(daemon: unknown, signal: AbortSignal): Promise<Content> {
  const firstLine = async (program: string, ...args: string[]): Promise<string | null> => {
    const output = await outputOf(program, args, signal);
    return 'text' in output ? output.text.split('\n', 1)[0] ?? null : null;
  };
  const [glibc, systemd, pkg, os] = await Promise.all([
    firstLine('getconf', 'GNU_LIBC_VERSION'), firstLine('systemctl', '--version'), firstLine('dpkg-query', '-W', '-f', '${Version} ${Architecture} ${Status}\n', 'raxed'),
    readFile('/etc/os-release', 'utf8').catch(() => ''),
  ]);
  return jsonContent({
    daemon, cli: { raxed: VERSION, node: process.version }, package: pkg, os: /^PRETTY_NAME="?([^"\n]*)/m.exec(os)?.[1] ?? null,
    kernel: release(), architecture: arch(), glibc, systemd,
  });
}

async function system(stateDir: string): Promise<Content> {
  const disk = await statfs(stateDir).then(
    ({ bsize, blocks, bavail, files, ffree }) => ({ bytes: bsize * blocks, free_bytes: bsize * bavail, files, free_files: ffree }),
    (error: unknown) => ({ error: reasonOf(error) }),
  );
  return jsonContent({
    state_dir: stateDir, disk, memory: { bytes: totalmem(), free_bytes: freemem() }, load: loadavg(), cpus: cpus().length, up_seconds: Math.round(uptime()),
  });
}

async function unit(signal: AbortSignal): Promise<Content> {
  return outputOf('systemctl', ['show', UNIT, '--no-pager', '-p', UNIT_PROPERTIES.join(',')], signal);
}

async function journal(signal: AbortSignal): Promise<Content> {
  const output = await outputOf('journalctl', ['-u', UNIT, '-n', String(JOURNAL_LINES), '-o', 'short-iso-precise', '--no-pager', '-q'], signal);
  if ('missing' in output) return output;
  return output.text === '' ? { missing: `it has no line of ${UNIT} that this user may read` } : newestLines(output.text);
}

/** What a program prints. Without a shell. */
function outputOf(program: string, args: readonly string[], signal: AbortSignal): Promise<Content> {
  return new Promise((resolve) => {
    execFile(program, args, { signal, encoding: 'utf8', maxBuffer: MAX_OUTPUT_BYTES, env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' } }, (error, stdout) => {
      resolve(error === null ? { text: stdout } : { missing: `${program}: ${typeof error.code === 'number' ? `exit ${error.code}` : errnoOf(error) ?? error.name}` });
    });
  });
}
