import { visible } from '../receiver/summary.js';
import { textWidth } from './text-width.js';

/** What people read: aligned tables, marks, colours. Everything from outside is escaped here. */

export interface Paint {
  good(text: string): string;
  bad(text: string): string;
  warn(text: string): string;
  strong(text: string): string;
  faint(text: string): string;
}

export function paint(colour: boolean): Paint {
  const sgr = (code: number) => (text: string): string => (colour && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text);
  return { good: sgr(32), bad: sgr(31), warn: sgr(33), strong: sgr(1), faint: sgr(2) };
}

/** Any value from outside as one harmless line; absent values are a dash. */
export function plain(value: unknown): string {
  if (value === undefined || value === null || value === '') return '–';
  if (typeof value === 'string') return visible(value);
  if (typeof value === 'number') return Number.isInteger(value) ? groupDigits(value) : String(value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.length === 0 ? '–' : value.map(plain).join(', ');
  return visible(JSON.stringify(value) ?? '–');
}

/** A value's own property, whatever the value is. */
export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export interface Cell {
  readonly text: string;
  readonly style?: (text: string) => string;
}

/** Columns as wide as their widest cell, two spaces between; the last is not padded. Cells hold escaped text. */
export function table(head: readonly string[], rows: readonly (readonly (string | Cell)[])[], style: Paint): string {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'string' ? { text: cell } : cell)));
  return aligned([head.map((text) => ({ text, style: style.faint })), ...cells]).map((line) => `${line}\n`).join('');
}

/** The same without a head, a line a row. */
export function aligned(rows: readonly (readonly Cell[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => textWidth(row[column]?.text ?? ''))));
  return rows.map((row) => row.map((cell, column) => {
    const padding = column === row.length - 1 ? '' : ' '.repeat((widths[column] ?? 0) - textWidth(cell.text));
    return (cell.style ?? same)(cell.text) + padding;
  }).join('  '));
}

/** `label  value` lines, aligned. */
export function pairs(rows: readonly (readonly [label: string, value: string])[], style: Paint): string {
  const widest = Math.max(0, ...rows.map(([label]) => textWidth(label)));
  return rows.map(([label, value]) => `${style.faint(label)}${' '.repeat(widest - textWidth(label))}  ${value}\n`).join('');
}

/** What was done, and under it what is worth knowing: `✓ …`, a blank line, indented `Label: value` lines. */
export function done(title: string, facts: readonly (readonly [label: string, value: string])[], style: Paint): string {
  const lines = facts.map(([label, value]) => `  ${label}: ${value}\n`);
  return `${style.good('✓')} ${title}\n${lines.length === 0 ? '' : `\n${lines.join('')}`}`;
}

/** A title, and below it a table of two columns with a frame around it. */
export function frame(title: string, rows: readonly (readonly [label: string, value: string | Cell])[], style: Paint): string {
  const cells = [['Field', 'Value'] as const, ...rows].map(([label, value]): [Cell, Cell] => [{ text: label }, typeof value === 'string' ? { text: value } : value]);
  const widths = ([0, 1] as const).map((column) => Math.max(...cells.map((row) => textWidth(row[column].text))));
  const edge = (begin: string, middle: string, end: string): string => style.faint(`${begin}${widths.map((width) => '─'.repeat(width + 2)).join(middle)}${end}`);
  const bar = style.faint('│');
  const [head, ...lines] = cells.map((row) => `${bar}${row.map((cell, column) => ` ${(cell.style ?? same)(cell.text)}${' '.repeat((widths[column] ?? 0) - textWidth(cell.text))} ${bar}`).join('')}`);
  return [style.strong(title), edge('┌', '┬', '┐'), head, edge('├', '┼', '┤'), ...lines, edge('└', '┴', '┘')].map((line) => `${line ?? ''}\n`).join('');
}

/** `3 agents`, `1 agent`. */
export function counted(count: number, noun: string): string {
  return `${plain(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Seconds as people say them: `8s`, `3m 20s`, `5h 2m`, `12d 3h`. */
export function duration(seconds: unknown): string {
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds < 0) return '–';
  const s = Math.floor(seconds);
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m ${s % 60}s`;
  if (s < 86_400) return `${Math.floor(s / 3600)}h ${Math.floor((s % 3600) / 60)}m`;
  return `${Math.floor(s / 86_400)}d ${Math.floor((s % 86_400) / 3600)}h`;
}

/** How long ago a time of the daemon's was; its clock is ours, or nearly. */
export function age(time: unknown, nowMs: number): string {
  const at = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  return Number.isNaN(at) ? '–' : `${duration(Math.max(0, nowMs - at) / 1000)} ago`;
}

/** Bytes in binary units: `0 B`, `1.5 KiB`, `1.0 GiB`. */
export function size(bytes: unknown): string {
  if (typeof bytes !== 'number' || !Number.isFinite(bytes)) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) { value /= 1024; unit++; }
  return unit === 0 ? `${value} B` : `${value.toFixed(1)} ${units[unit] ?? ''}`;
}

function groupDigits(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

function same(text: string): string {
  return text;
}
