/** What systemd says of `raxed.service`; times and counters as they are now. */
export interface Unit {
  /** `loaded`, or `not-found`, `masked`, `bad-setting`, `error`. */
  readonly loadState: string;
  /** `enabled`, `disabled`, …; empty where there is none. */
  readonly unitFileState: string;
  readonly activeState: string;
  readonly subState: string;
  /** Of the last run: `success`, `exit-code`, `signal`, `watchdog`, `oom-kill`, `timeout`, … */
  readonly result: string;
  readonly exitStatus: number;
  readonly restarts: number;
  readonly mainPid: number;
  readonly user: string;
  readonly group: string;
  /** What the unit names behind `--config`. */
  readonly configFile: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  /** More of it may stand in files. */
  readonly hasEnvironmentFiles: boolean;
  readonly credentials: readonly string[];
  readonly hidesHomes: boolean;
  readonly hidesTmp: boolean;
  /** Bytes; undefined without a limit. */
  readonly memoryMax: number | undefined;
  readonly memoryCurrent: number | undefined;
  /** A unit file was changed and systemd has not read it. */
  readonly needsReload: boolean;
}

/** What is to be asked of `systemctl show`. */
export const UNIT_PROPERTIES = [
  'LoadState', 'UnitFileState', 'ActiveState', 'SubState', 'Result', 'ExecMainStatus', 'NRestarts', 'MainPID', 'User', 'Group', 'ExecStart',
  'Environment', 'EnvironmentFiles', 'LoadCredential', 'LoadCredentialEncrypted', 'SetCredential', 'ProtectHome', 'PrivateTmp', 'MemoryMax', 'MemoryCurrent', 'NeedDaemonReload',
] as const;

/** Reads the `Key=Value` lines of `systemctl show`. */
export function parseUnit(text: string): Unit {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const at = line.indexOf('=');
    const key = line.slice(0, at);
    // A property that is given several times: LoadCredential.
    if (at > 0) values.set(key, [...values.has(key) ? [values.get(key)] : [], line.slice(at + 1)].join(' '));
  }
  const value = (key: typeof UNIT_PROPERTIES[number]): string => values.get(key) ?? '';
  const bytes = (text: string): number | undefined => (/^\d{1,15}$/.test(text) ? Number(text) : undefined);
  return {
    loadState: value('LoadState'), unitFileState: value('UnitFileState'), activeState: value('ActiveState'), subState: value('SubState'), result: value('Result'),
    exitStatus: Number(value('ExecMainStatus')) || 0, restarts: Number(value('NRestarts')) || 0, mainPid: Number(value('MainPID')) || 0,
    user: value('User'), group: value('Group'),
    configFile: /\s--config[= ]([^\s;]+)/.exec(value('ExecStart'))?.[1],
    environment: environmentOf(value('Environment')), hasEnvironmentFiles: value('EnvironmentFiles') !== '',
    credentials: (['LoadCredential', 'LoadCredentialEncrypted', 'SetCredential'] as const).flatMap((key) => value(key).split(/\s+/).filter((word) => word !== '').map((word) => word.split(':')[0] ?? '')),
    hidesHomes: ['yes', 'tmpfs'].includes(value('ProtectHome')), hidesTmp: value('PrivateTmp') === 'yes',
    memoryMax: bytes(value('MemoryMax')), memoryCurrent: bytes(value('MemoryCurrent')),
    needsReload: value('NeedDaemonReload') === 'yes',
  };
}

/** `A=b "C=d e"`, as systemctl quotes it. */
function environmentOf(text: string): Record<string, string> {
  const words = [...text.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, bare]) => bare ?? (quoted ?? '').replace(/\\(.)/g, '$1'));
  return Object.fromEntries(words.flatMap((word) => {
    const at = word.indexOf('=');
    return at > 0 ? [[word.slice(0, at), word.slice(at + 1)]] : [];
  }));
}
