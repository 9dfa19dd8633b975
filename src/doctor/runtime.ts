import type { Finding } from './finding.js';
import { judgeOf } from './finding.js';
import type { Site } from './site.js';

export interface RuntimeFacts {
  readonly site: Site;
  /** `v24.1.0`; the daemon's where it answers, else this program's. */
  readonly node: { readonly version: string; readonly of: 'daemon' | 'program' };
  readonly engine: { readonly name: string; readonly of: 'daemon' | 'program' };
  /** Programs that the daemon starts, and whether they are there. */
  readonly programs: Readonly<Record<'flock' | 'systemd-notify' | 'perl' | 'python3', boolean>>;
}

const { ok, warning, problem, notChecked } = judgeOf('runtime');
const OLDEST = [20, 19] as const;
const SMALL_MEMORY = 256 * 2 ** 20;
const NEARLY_FULL = 0.9;

export function judgeRuntime({ site, node, engine, programs }: RuntimeFacts): Finding[] {
  const whose = (of: 'daemon' | 'program'): string => (of === 'daemon' ? 'the daemon' : 'this program');
  const [major = 0, minor = 0] = node.version.replace(/^v/, '').split('.').map(Number);
  const isOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  return [
    isOld ? problem('node', `${whose(node.of)} runs on Node ${node.version}, which is too old`, `Install Node ${OLDEST.join('.')} or later; the Debian package brings its own.`) : ok('node', `${whose(node.of)} runs on Node ${node.version}`),
    engine.name === 're2' ? ok('engine', `${whose(engine.of)} has the native engine RE2`)
      : warning('engine', `${whose(engine.of)} goes without the native engine RE2: scans take longer`, 'Install the Debian package, which brings it; or run `npm rebuild re2` where raxed is installed, and restart the daemon.'),
    ...judgeMemory(site),
    programs.flock ? ok('flock', 'flock is there') : warning('flock', 'the program flock is missing: the state folder is guarded by a lock file only', 'Run `sudo apt-get install util-linux`.'),
    ...(site.kind === 'person' ? [] : [programs['systemd-notify'] ? ok('systemd-notify', 'systemd-notify is there')
      : problem('systemd-notify', 'the program systemd-notify is missing: systemd never hears that the daemon is ready, and stops it', 'Run `sudo apt-get install systemd`.')]),
    programs.perl || programs.python3 ? ok('peer', `${programs.perl ? 'perl' : 'python3'} is there, and tells who calls`)
      : warning('peer', 'neither perl nor python3 is there: the audit log cannot say which user changed something', 'Run `sudo apt-get install perl-base`.'),
  ];
}

function judgeMemory({ unit }: Site): Finding[] {
  if (unit === undefined) return [];
  const { memoryMax, memoryCurrent } = unit;
  if (memoryMax === undefined) return [notChecked('memory', 'the memory limit of the unit: it has none')];
  const mib = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
  const raise = 'Set MemoryMax=512M with `sudo systemctl edit raxed`, then restart it.';
  if (memoryMax < SMALL_MEMORY) return [warning('memory', `the unit allows ${mib(memoryMax)} of memory, less than raxed may need`, raise)];
  if (memoryCurrent !== undefined && memoryCurrent > memoryMax * NEARLY_FULL) return [warning('memory', `it takes ${mib(memoryCurrent)} of the ${mib(memoryMax)} that the unit allows`, 'Raise MemoryMax= with `sudo systemctl edit raxed`, then restart it.')];
  return [ok('memory', `the unit allows ${mib(memoryMax)} of memory${memoryCurrent === undefined ? '' : `, and it takes ${mib(memoryCurrent)}`}`)];
}
