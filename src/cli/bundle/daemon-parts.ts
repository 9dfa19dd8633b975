import { METRICS_PATH } from '../../control/http.js';
import { field, list } from '../render.js';
import type { Content, Part } from './part.js';
import { firstLines, jsonContent, newestLines } from './part.js';

/** The running daemon, as far as a bundle asks it. */
export interface Asked {
  call(method: string, params: object, signal: AbortSignal): Promise<object>;
  /** What a GET of this path gives. */
  read(path: string, signal: AbortSignal): Promise<string>;
}

/** `limit` that `spool.dead.list` takes at most. */
const DEAD_LETTERS = 1000;
const AUDIT_RECORDS = 500;

export const AUDIT_RECENT = { name: 'audit-recent.json', about: `the ${AUDIT_RECORDS} newest records of the audit log, newest first`, limit: AUDIT_RECORDS } as const;
export const AUDIT_VERIFY = { name: 'audit-verify.json', about: 'whether the chain of the audit log is whole' } as const;
export const CONFIG = { name: 'config.json', about: 'the effective configuration with the customers made with ctl; secrets, queries of URLs and users of proxies are [redacted]' } as const;

/** What the running daemon says of itself. `support` is its answer to `bundle`. */
export function daemonParts(support: object, { call, read }: Asked): Part[] {
  const asked = (name: string, about: string, method: string): Part => ({ name, about, gather: async (signal) => jsonContent(await call(method, {}, signal)) });
  return [
    asked('status.json', 'ctl status: what runs, the state of each destination, what somebody should look at', 'status'),
    { name: 'metrics.txt', about: 'what Prometheus would read', gather: async (signal) => firstLines(await read(METRICS_PATH, signal)) },
    { ...CONFIG, gather: () => Promise.resolve(jsonContent(field(support, 'config'))) },
    { name: 'tenants.json', about: 'MSSPs and their customers, as ctl shows them', gather: (signal) => tenants(call, signal) },
    asked('agents.json', 'ctl agent list', 'agent.list'),
    asked('spool-status.json', 'ctl spool status: what waits, for whom, and since when', 'spool.status'),
    { name: 'dead-letters.json', about: `how many of the ${DEAD_LETTERS} newest dead letters there are by reason, and their ids; nothing of what was sent`, gather: (signal) => deadLetters(call, signal) },
    { ...AUDIT_RECENT, gather: async (signal) => jsonContent(await call('audit.recent', { limit: AUDIT_RECENT.limit }, signal)) },
    { ...AUDIT_VERIFY, gather: async (signal) => jsonContent(await call('audit.verify', {}, signal)) },
    { name: 'rules.json', about: 'the rules in force and how often each fired; what is suppressed, for whom, and why', gather: (signal) => rules(call, signal) },
    { name: 'log.txt', about: 'the newest lines of the daemon\'s log, from its memory', gather: () => Promise.resolve(newestLines(list(field(support, 'log')).map((line) => `${String(line)}\n`).join(''))) },
  ];
}

async function tenants(call: Asked['call'], signal: AbortSignal): Promise<Content> {
  const mssps = list(field(await call('mssp.list', {}, signal), 'mssps'));
  return jsonContent({
    mssps: await Promise.all(mssps.map(async (mssp) => ({ ...Object(mssp), customers: field(await call('customer.list', { mssp: field(mssp, 'id') }, signal), 'customers') }))),
  });
}

async function rules(call: Asked['call'], signal: AbortSignal): Promise<Content> {
  const [answer, suppressed] = await Promise.all([call('rules.list', {}, signal), call('rules.suppressions', {}, signal)]);
  const shown = list(field(answer, 'rules')).map((rule) => Object.fromEntries(['id', 'family', 'severity', 'confidence', 'hits'].map((key) => [key, field(rule, key)])));
  return jsonContent({ engine: field(answer, 'engine'), rules: shown, suppressions: field(suppressed, 'suppressions') });
}

async function deadLetters(call: Asked['call'], signal: AbortSignal): Promise<Content> {
  const answer = await call('spool.dead.list', { limit: DEAD_LETTERS }, signal);
  const groups = new Map<string, { customer: string; destination: unknown; reason: { http_status: unknown; message: unknown }; count: number; newest: unknown; ids: unknown[] }>();
  for (const letter of list(field(answer, 'dead'))) {
    const [mssp, customer, destination, reason] = ['mssp_id', 'customer_id', 'destination', 'reason'].map((key) => field(letter, key));
    const of = { customer: `${String(mssp)}/${String(customer)}`, destination, reason: { http_status: field(reason, 'http_status'), message: field(reason, 'message') } };
    const key = JSON.stringify(of);
    const group = groups.get(key) ?? { ...of, count: 0, newest: field(letter, 'at'), ids: [] };
    groups.set(key, group);
    group.count++;
    group.ids.push(field(letter, 'event_id'));
  }
  return jsonContent({ total: field(answer, 'total'), by_reason: [...groups.values()] });
}
