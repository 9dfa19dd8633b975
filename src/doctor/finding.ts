/** What a check found, in words for a person who has never seen the host. */
export interface Finding {
  /** `group.what`; a check that found several things gives several findings of one id. */
  readonly id: string;
  readonly group: Group;
  readonly status: Status;
  /** One sentence without a full stop; never a secret, a token, or the path of a URL. */
  readonly says: string;
  /** What to do, with the exact file, command or setting; only where the status is not `ok`. */
  readonly advice?: string;
  /** The same for programs. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** In the order in which they are shown. */
export const GROUPS = ['configuration', 'files', 'certificates', 'service', 'sockets', 'daemon', 'disk', 'clock', 'destinations', 'runtime'] as const;
export type Group = typeof GROUPS[number];

/** `not_checked` is no judgement: `says` tells why. */
export type Status = 'ok' | 'warning' | 'problem' | 'not_checked';

type Data = Readonly<Record<string, unknown>>;

/** The four kinds of findings of one group. */
export interface Judge {
  ok(what: string, says: string, data?: Data): Finding;
  warning(what: string, says: string, advice: string, data?: Data): Finding;
  problem(what: string, says: string, advice: string, data?: Data): Finding;
  notChecked(what: string, why: string, advice?: string): Finding;
}

export function judgeOf(group: Group): Judge {
  const finding = (status: Status, what: string, says: string, advice?: string, data?: Data): Finding => ({
    id: `${group}.${what}`, group, status, says, ...(advice === undefined ? {} : { advice }), ...(data === undefined ? {} : { data }),
  });
  return {
    ok: (what, says, data) => finding('ok', what, says, undefined, data),
    warning: (what, says, advice, data) => finding('warning', what, says, advice, data),
    problem: (what, says, advice, data) => finding('problem', what, says, advice, data),
    notChecked: (what, why, advice) => finding('not_checked', what, why, advice),
  };
}

export interface Summary {
  readonly problems: number;
  readonly warnings: number;
  readonly not_checked: number;
  readonly ok: number;
}

export function summaryOf(findings: readonly Finding[]): Summary {
  const count = (status: Status): number => findings.filter((finding) => finding.status === status).length;
  return { problems: count('problem'), warnings: count('warning'), not_checked: count('not_checked'), ok: count('ok') };
}

/** What an ordinary user may not see. */
export const AS_ROOT = 'Run `sudo raxed doctor` to see it.';

/** `1 event`, `3 events`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
