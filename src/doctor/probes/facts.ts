import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { resolveSecret } from '../../config/secret.js';
import { ConfigError } from '../../errors.js';
import { loadRulesDirs } from '../../scanner/builtin.js';
import { loadRe2 } from '../../scanner/re2.js';
import type { CertificatesFacts } from '../certificates.js';
import type { DiskFacts } from '../disk.js';
import type { ExaminationPorts } from '../examination.js';
import type { FilesFacts, SeenFile } from '../files.js';
import type { Reference } from '../references.js';
import { referencesOf } from '../references.js';
import type { RuntimeFacts } from '../runtime.js';
import type { ServiceFacts } from '../service.js';
import type { SeenPort } from '../sockets.js';
import { groupOf } from './accounts.js';
import { SERVICE_PATH } from './command.js';
import { connect } from './connection.js';
import { diskOf, timeSync } from './disk.js';
import { namesIn, textOf, wayTo } from './paths.js';
import type { Subject } from './subject.js';

/** What the judgements of the local groups want to know. */

const COMMAND_TIMEOUT_MS = 4000;
const MAX_NAMES = 1000;
const SET_ASIDE = /\.(?:bad|newer)$|\.damaged-\d+$/;

export async function seeFiles({ site, seen, account }: Subject): Promise<Pick<FilesFacts, 'config' | 'references' | 'seen' | 'state' | 'rules'>> {
  const config = seen.effective?.config;
  const references = config === undefined ? undefined : referencesOf(config, site.env);
  const { stateDir } = site.paths;
  const [way, files, state, rules] = await Promise.all([
    wayTo(site.paths.configFile),
    Promise.all((references?.files ?? []).map(seeFile)),
    wayTo(stateDir),
    Promise.all((config?.scanner.rules_dirs ?? []).map(async (folder) => ({ folder, way: await wayTo(folder), problems: await rulesProblems(folder) }))),
  ]);
  const [left, foreign] = state.stopped !== undefined ? [[], []] : await Promise.all([
    namesIn(stateDir, (name) => SET_ASIDE.test(name), MAX_NAMES),
    namesIn(stateDir, (_name, uid) => account !== undefined && uid !== account.uid, MAX_NAMES),
  ]);
  return { config: way, references, seen: files, state: { way: state, left, foreign }, rules };
}

async function seeFile(reference: Reference): Promise<SeenFile> {
  return { reference, way: await wayTo(reference.path), unusable: reference.kind === 'secret' ? unusable(reference.path) : undefined };
}

/** What is wrong with a secret's content; where it cannot be read at all, that is another's to say. */
function unusable(file: string): string | undefined {
  try {
    resolveSecret({ file }, {});
    return undefined;
  } catch (error) {
    const message = error instanceof ConfigError ? error.problems[0]?.message ?? '' : '';
    const said = message.slice(message.indexOf(file) + file.length).trim();
    return said === '' || said.startsWith('cannot be read') ? undefined : said;
  }
}

async function rulesProblems(folder: string): Promise<string[]> {
  try {
    await loadRulesDirs([folder]);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ message }) => message);
    throw error;
  }
}

export async function seePems({ site, seen }: Subject): Promise<Pick<CertificatesFacts, 'files' | 'pairs'>> {
  if (seen.effective === undefined) return { files: [], pairs: [] };
  const { files, pairs } = referencesOf(seen.effective.config, site.env);
  return { pairs, files: await Promise.all(files.filter(({ kind }) => kind !== 'secret').map(async (reference) => ({ reference, pem: await textOf(reference.path) }))) };
}

export async function seeService({ site, unit, account }: Subject, { command, systemd, uid }: ExaminationPorts): Promise<Pick<ServiceFacts, 'members' | 'watchdogEvents'>> {
  if (site.kind === 'person') return { members: undefined, watchdogEvents: undefined };
  const [group, journal] = await Promise.all([
    groupOf((unit?.group ?? '') || 'raxed', command),
    systemd ? command('journalctl', ['--unit=raxed.service', '--quiet', '--no-pager', '--output=cat', '--since=-7days', '--grep=Watchdog timeout'], COMMAND_TIMEOUT_MS) : undefined,
  ]);
  const events = (journal?.stdout ?? '').split('\n').filter((line) => line !== '').length;
  return {
    members: group?.members.filter((name) => name !== account?.name),
    // To a user who may not read the journal it is empty.
    watchdogEvents: journal === undefined || (events === 0 && uid !== 0) ? undefined : events,
  };
}

export async function seePorts({ seen }: Subject, timeoutMs: number): Promise<SeenPort[]> {
  const control = seen.effective?.config.control;
  const listeners = (['http', 'metrics'] as const).flatMap((setting) => {
    const listener = control?.[setting] ?? null;
    return listener === null || listener.port === 0 ? [] : [{ setting, host: listener.host, port: listener.port }];
  });
  return Promise.all(listeners.map(async ({ setting, host, port }) => {
    const addresses = host === 'localhost' ? ['127.0.0.1', '::1'] : [host];
    const socket = await connect(addresses, port, AbortSignal.timeout(timeoutMs)).catch(() => undefined);
    socket?.destroy();
    return { setting, address: `${host.includes(':') ? `[${host}]` : host}:${port}`, listening: socket !== undefined };
  }));
}

export async function seeDisk({ site, seen, daemon }: Subject, { clock, command }: ExaminationPorts): Promise<Omit<DiskFacts, 'site'>> {
  const { stateDir } = site.paths;
  const way = await wayTo(stateDir);
  const exists = way.stopped === undefined;
  const nearest = way.entries.at(-1)?.path ?? '/';
  const spool = seen.effective?.config.spool;
  const [disk, used, sync] = await Promise.all([
    diskOf(nearest),
    daemon.kind === 'status' ? daemon.status.spool.bytes : exists ? sizeOf(join(stateDir, 'spool')) : 0,
    exists ? timeSync(nearest, () => clock.monotonic()) : { why: 'it is not there yet' },
  ]);
  return { folder: stateDir, ...disk, sync, spool: spool === undefined ? undefined : { usedBytes: used, maxBytes: spool.max_bytes, minFreeBytes: spool.min_free_bytes } };

  async function sizeOf(folder: string): Promise<number> {
    const said = await command('du', ['-s', '-B1', '--', folder], COMMAND_TIMEOUT_MS);
    return Number(/^\d+/.exec(said?.stdout ?? '')?.[0] ?? 0);
  }
}

export async function clockSynchronized({ command, systemd }: ExaminationPorts): Promise<boolean | undefined> {
  const said = systemd ? await command('timedatectl', ['show', '--property=NTPSynchronized', '--value'], COMMAND_TIMEOUT_MS) : undefined;
  const word = said?.stdout.trim();
  return word === 'yes' ? true : word === 'no' ? false : undefined;
}

export async function seeRuntime({ daemon, node }: Subject): Promise<Omit<RuntimeFacts, 'site'>> {
  const engine = daemon.kind === 'status' ? daemon.status.engine : undefined;
  const has = (program: string): boolean => SERVICE_PATH.split(':').some((folder) => existsSync(join(folder, program)));
  return {
    node: node === undefined ? { version: process.version, of: 'program' } : { version: node, of: 'daemon' },
    engine: engine === undefined ? { name: await loadRe2() === undefined ? 'js' : 're2', of: 'program' } : { name: engine, of: 'daemon' },
    programs: { 'flock': has('flock'), 'systemd-notify': has('systemd-notify'), 'perl': existsSync('/usr/bin/perl'), 'python3': existsSync('/usr/bin/python3') },
  };
}
