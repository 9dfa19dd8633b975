import type { Cell, Paint } from '../render.js';
import { age, counted, field, list, plain } from '../render.js';
import { textWidth } from '../text-width.js';

/** Agents as a SOC looks at them: by MSSP and customer, with ● online, ◐ degraded and ○ offline. */

const STATUSES = ['online', 'degraded', 'offline'] as const;
const MARKS: Readonly<Record<string, string>> = { online: '●', degraded: '◐', offline: '○' };

/** The answer of `agent.list`, by MSSP and customer; ages are as of `nowMs`. */
export function agentTree(answer: object, nowMs: number, style: Paint): string {
  const agents = list(field(answer, 'agents'));
  if (agents.length === 0) return 'There is no agent.\n';
  const rows = agents.map((agent) => rowOf(agent, nowMs, style)).sort((a, b) => compare(a.mssp, b.mssp) || compare(a.customer, b.customer) || compare(a.id, b.id));
  const widths = (rows[0]?.cells ?? []).map((_, column) => Math.max(...rows.map(({ cells }) => textWidth(cells[column]?.text ?? ''))));
  const lines: string[] = [];
  for (const [mssp, customers] of grouped(rows, (row) => row.mssp)) {
    lines.push(style.strong(mssp));
    const byCustomer = [...grouped(customers, (row) => row.customer)];
    byCustomer.forEach(([customer, members], index) => {
      const last = index === byCustomer.length - 1;
      lines.push(`${style.faint(last ? '└──' : '├──')} ${customer}`);
      members.forEach(({ cells }, member) => {
        const branch = style.faint(`${last ? ' ' : '│'}   ${member === members.length - 1 ? '└──' : '├──'}`);
        const text = cells.map((cell, column) => `${(cell.style ?? same)(cell.text)}${' '.repeat((widths[column] ?? 0) - textWidth(cell.text))}`).join('  ');
        lines.push(`${branch} ${text.trimEnd()}`);
      });
    });
  }
  const counts = STATUSES.map((status) => `${plain(agents.filter((agent) => field(agent, 'status') === status).length)} ${status}`);
  return `${lines.join('\n')}\n\n${counted(agents.length, 'agent')}: ${counts.join(', ')}\n`;
}

/** A status with its mark and colour. */
export function statusCell(status: unknown, style: Paint): Cell {
  return { text: `${markOf(status)} ${plain(status)}`, style: paintOf(status, style) };
}

function markOf(status: unknown): string {
  return MARKS[String(status)] ?? '?';
}

function paintOf(status: unknown, style: Paint): (text: string) => string {
  return status === 'online' ? style.good : status === 'degraded' ? style.warn : style.bad;
}

interface Row {
  readonly mssp: string;
  readonly customer: string;
  readonly id: string;
  readonly cells: readonly Cell[];
}

function rowOf(agent: unknown, nowMs: number, style: Paint): Row {
  const status = field(agent, 'status');
  return {
    mssp: plain(field(agent, 'mssp_id')),
    customer: plain(field(agent, 'customer_id')),
    id: plain(field(agent, 'agent_id')),
    cells: [
      { text: `${markOf(status)} ${plain(field(agent, 'agent_id'))}`, style: paintOf(status, style) }, { text: plain(status) }, { text: plain(field(agent, 'version')) },
      { text: plain(field(agent, 'integration')) }, { text: `${age(field(agent, 'last_heartbeat'), nowMs)}${field(agent, 'self') === true ? '  (this daemon)' : ''}` },
    ],
  };
}

function grouped(rows: readonly Row[], keyOf: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function same(text: string): string {
  return text;
}
