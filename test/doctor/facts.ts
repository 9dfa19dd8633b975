import { join } from 'node:path';
import { AVAILABLE_SIEM } from '../../src/config/available.js';
import type { Config } from '../../src/config/schema.js';
import { parseConfig } from '../../src/config/schema.js';
import type { Finding, Status } from '../../src/doctor/finding.js';
import type { Account, Entry, Way } from '../../src/doctor/permissions.js';
import type { Site } from '../../src/doctor/site.js';
import { siteOf } from '../../src/doctor/site.js';
import type { Unit } from '../../src/doctor/unit.js';
import { parseUnit } from '../../src/doctor/unit.js';

export const NOW = Date.parse('2026-11-22T12:00:00.000Z');
export const RAXED: Account = { name: 'raxed', uid: 990, gids: [990] };

/** `systemctl show` of the package's unit, running. */
export const SHOWN: Readonly<Record<string, string>> = {
  LoadState: 'loaded', UnitFileState: 'enabled', ActiveState: 'active', SubState: 'running', Result: 'success', ExecMainStatus: '0', NRestarts: '0', MainPID: '4711',
  User: 'raxed', Group: 'raxed', ExecStart: '{ path=/usr/bin/raxed ; argv[]=/usr/bin/raxed run --config /etc/raxed/config.json ; ignore_errors=no }',
  Environment: 'RAXED_BOOT_ID=abc NODE_ENV=production', ProtectHome: 'yes', PrivateTmp: 'yes', MemoryMax: '536870912', MemoryCurrent: '104857600', NeedDaemonReload: 'no',
};

export function shown(changes: Readonly<Record<string, string>> = {}): string {
  return Object.entries({ ...SHOWN, ...changes }).map(([key, value]) => `${key}=${value}\n`).join('');
}

export function unit(changes: Readonly<Record<string, string>> = {}): Unit {
  return parseUnit(shown(changes));
}

const SHELL = { env: { HOME: '/home/anna' }, home: '/home/anna', cwd: '/home/anna' };

/** The service as the package installs it. */
export function service(changes: Readonly<Record<string, string>> = {}): Site {
  return siteOf({ named: undefined, unit: unit(changes), hasSystemFile: true, processEnv: undefined, shell: SHELL });
}

export function person(): Site {
  return siteOf({ named: '/home/anna/raxed.json', unit: undefined, hasSystemFile: false, processEnv: undefined, shell: SHELL });
}

/** A way to `path`: folders of root's, 0755 unless told, then the entry itself. */
export function way(path: string, own: Partial<Entry> = {}, folder: Partial<Entry> = {}): Way {
  const parts = path.split('/').slice(1, -1);
  const folders = ['/', ...parts.map((_, i) => `/${parts.slice(0, i + 1).join('/')}`)].map((at, i, all): Entry => ({ path: at, kind: 'folder', uid: 0, gid: 0, mode: 0o755, ...(i === all.length - 1 ? folder : {}) }));
  return { entries: [...folders, { path, kind: 'file', uid: 0, gid: 990, mode: 0o640, ...own }] };
}

export function missing(path: string, errno = 'ENOENT'): Way {
  return { entries: way(join(path, 'x')).entries.slice(0, 1), stopped: { path, errno } };
}

export function config(json: object): Config {
  return parseConfig(json, { folder: '/etc/raxed', availableSiem: AVAILABLE_SIEM, isCron: () => true }).config;
}

export const MSSP = { id: 'mssp_a', webhook: { url: 'https://soc.example/hook?token=CANARY-PATH', secret: 'CANARY-SECRET' }, customers: [{ id: 'cust_a' }] };

/** `status id`, one a finding. */
export function brief(findings: readonly Finding[]): string[] {
  return findings.map(({ status, id }) => `${status} ${id}`);
}

export function of(status: Status, findings: readonly Finding[]): string {
  return findings.filter((finding) => finding.status === status).map(({ says, advice }) => `${says} → ${advice ?? ''}`).join('\n');
}
