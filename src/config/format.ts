import { cefUrlProblem, isLoopback, proxyUrlProblem, urlProblem } from './address.js';

export const ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const LABEL_PATTERN = /^[A-Za-z0-9_.+-]{1,64}$/;
/** A rule's id, or the beginning of some and `*`. */
export const RULE_PATTERN = /^(?:[A-Za-z0-9][A-Za-z0-9_.-]{0,63}|[A-Za-z0-9_.-]{0,63}\*)$/;
const ENV_PATTERN = /^[A-Za-z_][A-Za-z0-9_]{0,254}$/;
const CREDENTIAL_PATTERN = /^(?!\.{1,2}$)[A-Za-z0-9_.@:+-]{1,255}$/;
const HOST_PATTERN = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;
const TIMESTAMP_PATTERN = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.\d{1,9})?(?:Z|[+-](\d{2}):(\d{2}))$/;

/** What is wrong with a value of a `format` of `shape.ts`, in words that hold nothing of the value; undefined: nothing. */
export const FORMATS: Readonly<Record<string, (value: string, context: { isCron(expression: string): boolean }) => string | undefined>> = {
  id: (value) => (ID_PATTERN.test(value) ? undefined : patternProblem(value, /^[A-Za-z0-9]/, /[^A-Za-z0-9_-]/, 64)),
  label: (value) => (LABEL_PATTERN.test(value) ? undefined : patternProblem(value, /^/, /[^A-Za-z0-9_.+-]/, 64)),
  rule: (value) => (RULE_PATTERN.test(value) ? undefined : 'found something else'),
  name: (value) => {
    if (value.trim() === '') return 'found only spaces';
    if (/[\u0000-\u001f\u007f-\u009f\ud800-\udfff]/u.test(value)) return 'found a control character or half of a surrogate pair';
    return value.length > 256 ? `found ${value.length} characters` : undefined;
  },
  path: pathProblem,
  env: (value) => (ENV_PATTERN.test(value) ? undefined : 'found something else'),
  credential: (value) => (CREDENTIAL_PATTERN.test(value) ? undefined : 'found something else'),
  host: (value) => (HOST_PATTERN.test(value) ? undefined : 'found something else'),
  loopback: (value) => (isLoopback(value) || value === '::1' ? undefined : 'another address would be reachable from outside'),
  timestamp: (value) => (isTimestamp(value) ? undefined : 'this is no such time, or has no zone'),
  cron: (value, { isCron }) => (isCron(value) ? undefined : 'this is none (5 fields, or 6 with seconds first)'),
  url: urlProblem,
  'cef-url': cefUrlProblem,
  'proxy-url': proxyUrlProblem,
};

function patternProblem(value: string, start: RegExp, forbidden: RegExp, maxLength: number): string {
  const found = forbidden.exec(value);
  if (found !== null) return `character ${found.index + 1} is none of these`;
  if (!start.test(value)) return 'the first character is none of these';
  return value.length > maxLength ? `found ${value.length} characters` : 'found something else';
}

function pathProblem(value: string): string | undefined {
  return value.includes('\0') || value.length > 4096 ? 'it holds a zero byte or is longer than 4096 characters' : undefined;
}

function isTimestamp(value: string): boolean {
  const [year, month, day, hour, minute, second, zoneHour = 0, zoneMinute = 0] = (TIMESTAMP_PATTERN.exec(value) ?? []).slice(1).map((digits: string | undefined) => (digits === undefined ? undefined : Number(digits)));
  if (year === undefined || month === undefined || day === undefined || hour === undefined || minute === undefined || second === undefined) return false;
  return month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month) && hour <= 23 && minute <= 59 && second <= 59 && zoneHour <= 23 && zoneMinute <= 59;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}
