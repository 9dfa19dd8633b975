import type { Cell, Paint } from '../render.js';
import { age, aligned, counted, field, list, plain } from '../render.js';

/** Agents as a SOC looks at them: by MSSP and customer, with ● online, ◐ degraded and ○ offline. */

const MARKS: Readonly<Record<string, string>> = { online: '●', degraded: '◐', offline: '○' };

/** The answer of `agent.list`, in its order; ages are as of `nowMs`. */
export function agentTree(answer: object, nowMs: number, style: Paint): string {
  const agents = list(field(answer, 'agents'));
  if (agents.length === 0) return 'There is no agent.\n';
  const texts = aligned(agents.map((agent) => cellsOf(agent, nowMs, style)));
  const mssps = new Map<string, Map<string, string[]>>();
  agents.forEach((agent, index) => {
    const customers = at(mssps, plain(field(agent, 'mssp_id')), () => new Map<string, string[]>());
    at(customers, plain(field(agent, 'customer_id')), (): string[] => []).push(texts[index] ?? '');
  });
  const lines = [...mssps].flatMap(([mssp, customers]) => [style.strong(mssp), ...branches([...customers], style, ([customer, leaves]) => [customer, ...branches(leaves, style, (leaf) => [leaf])])]);
  const counts = Object.keys(MARKS).map((status) => `${plain(agents.filter((agent) => field(agent, 'status') === status).length)} ${status}`);
  return `${lines.join('\n')}\n\n${counted(agents.length, 'agent')}: ${counts.join(', ')}\n`;
}

/** A status in its colour. */
export function statusCell(status: unknown, style: Paint): Cell {
  return { text: plain(status), style: status === 'online' ? style.good : status === 'degraded' ? style.warn : style.bad };
}

function cellsOf(agent: unknown, nowMs: number, style: Paint): Cell[] {
  const status = field(agent, 'status');
  const seen = `${age(field(agent, 'last_heartbeat'), nowMs)}${field(agent, 'self') === true ? '  (this daemon)' : ''}`;
  const name = { ...statusCell(status, style), text: `${MARKS[String(status)] ?? '?'} ${plain(field(agent, 'agent_id'))}` };
  return [name, ...[status, field(agent, 'version'), field(agent, 'integration')].map((value) => ({ text: plain(value) })), { text: seen }];
}

/** The lines of each item, the first of them as a branch, the others below it. */
function branches<T>(items: readonly T[], style: Paint, linesOf: (item: T) => readonly string[]): string[] {
  return items.flatMap((item, index) => {
    const last = index === items.length - 1;
    return linesOf(item).map((line, below) => `${style.faint(below === 0 ? (last ? '└──' : '├──') : (last ? '   ' : '│  '))} ${line}`);
  });
}

function at<V>(map: Map<string, V>, key: string, make: () => V): V {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}
