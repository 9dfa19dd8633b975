/**
 * The files of the audit log: `mssp_audit_YYYY-MM-DD[.n].jsonl` (UTC day, n from 1), read in the order of day and n.
 */

export interface AuditFileName {
  readonly name: string;
  /** YYYY-MM-DD */
  readonly day: string;
  readonly n: number;
}

export const HEAD_FILE = 'mssp_audit.head';

const NAME = /^mssp_audit_(\d{4}-\d{2}-\d{2})(?:\.([1-9]\d{0,8}))?\.jsonl$/;

export function auditFileName(day: string, n: number): AuditFileName {
  return { name: `mssp_audit_${day}${n === 0 ? '' : `.${n}`}.jsonl`, day, n };
}

/** The audit files among `names`, oldest first. */
export function auditFilesIn(names: readonly string[]): AuditFileName[] {
  const files: AuditFileName[] = [];
  for (const name of names) {
    const match = NAME.exec(name);
    if (match?.[1] !== undefined) files.push({ name, day: match[1], n: Number(match[2] ?? 0) });
  }
  return files.sort(inOrder);
}

/** The name after `last` on the day `today`. The order of names never goes back, whatever the wall clock does. */
export function nextFileName(last: AuditFileName | undefined, today: string): AuditFileName {
  if (last === undefined || last.day < today) return auditFileName(today, 0);
  return auditFileName(last.day, last.n + 1);
}

export interface RetentionLimits {
  /** Files of an earlier day than this are removed (YYYY-MM-DD). */
  readonly oldestDay: string;
  readonly maxBytes: number;
}

/** How many of the oldest files go. The newest always stays. */
export function countExpired(files: readonly (AuditFileName & { readonly bytes: number })[], limits: RetentionLimits): number {
  let total = files.reduce((sum, file) => sum + file.bytes, 0);
  let expired = 0;
  for (const file of files.slice(0, -1)) {
    if (file.day >= limits.oldestDay && total <= limits.maxBytes) break;
    total -= file.bytes;
    expired++;
  }
  return expired;
}

function inOrder(a: AuditFileName, b: AuditFileName): number {
  if (a.day !== b.day) return a.day < b.day ? -1 : 1;
  return a.n - b.n;
}
