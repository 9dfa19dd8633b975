import type { Cell, Paint } from '../render.js';
import { aligned, duration, field, list, pairs, plain, size } from '../render.js';
import { textWidth } from '../text-width.js';

/** The daemon's status at one moment. */
export interface Sample {
  readonly status: object;
  /** Monotonic. */
  readonly atMs: number;
}

/** Per second, between two samples; undefined where that cannot be known: at first, and after a restart. */
export interface Rates {
  readonly scans: number | undefined;
  readonly threats: number | undefined;
  readonly delivered: number | undefined;
  /** In the order of the status. */
  readonly destinations: readonly (number | undefined)[];
}

export interface Screen {
  readonly rows: number;
  readonly columns: number;
}

export function ratesOf(now: Sample, before: Sample | undefined): Rates {
  const seconds = before === undefined ? 0 : (now.atMs - before.atMs) / 1000;
  const perSecond = (current: unknown, earlier: unknown): number | undefined =>
    (typeof current === 'number' && typeof earlier === 'number' && current >= earlier && seconds > 0 ? (current - earlier) / seconds : undefined);
  const total = (name: string): number | undefined => perSecond(scannerField(now, name), scannerField(before, name));
  const earlier = new Map(destinationsOf(before?.status).map((destination) => [keyOf(destination), field(destination, 'delivered')]));
  const destinations = destinationsOf(now.status).map((destination) => perSecond(field(destination, 'delivered'), earlier.get(keyOf(destination))));
  const known = destinations.filter((rate) => rate !== undefined);
  return {
    scans: total('scans_total'), threats: total('threats_total'), destinations,
    delivered: known.length === 0 ? undefined : known.reduce((sum, rate) => sum + rate, 0),
  };
}

/** The lines of one frame: at most `rows`, none wider than `columns`. `news` is what else there is to say, such as that the daemon has gone. */
export function renderTop(view: { readonly status: object; readonly rates: Rates; readonly news: readonly string[] }, screen: Screen, style: Paint): string[] {
  const { status, rates } = view;
  const warnings = list(field(status, 'warnings')).map((warning) => `${style.warn('!')} ${plain(warning)}`);
  const lines = [
    title(status, style),
    ...pairs([
      ['Scans', `${perSecond(rates.scans)}, ${plain(scannerField(view, 'scans_total'))} in all`],
      ['Threats', `${perSecond(rates.threats)}, ${plain(scannerField(view, 'threats_total'))} in all`],
      ['Spool', spool(status, style)],
      ['Agents', agents(status, style)],
    ], style).trimEnd().split('\n'),
    ...view.news,
    ...(warnings.length <= MAX_WARNINGS ? warnings : [...warnings.slice(0, MAX_WARNINGS - 1), style.faint(`and ${warnings.length - MAX_WARNINGS + 1} more warnings: see raxed ctl status`)]),
    '',
  ];
  return [...lines, ...destinationLines(view, screen.rows - lines.length, style)].slice(0, screen.rows).map((line) => cut(line, screen.columns));
}

/** What to write so that a screen that shows `before` shows `after`; empty when they are the same. */
export function changes(before: readonly string[], after: readonly string[]): string {
  const lines = after.map((line, row) => (line === before[row] ? '' : `\u001b[${row + 1};1H${line}\u001b[K`)).join('');
  return after.length < before.length ? `${lines}\u001b[${after.length + 1};1H\u001b[J` : lines;
}

/** The same in one line. */
export function topLine({ status, rates }: { readonly status: object; readonly rates: Rates }, style: Paint): string {
  const destinations = destinationsOf(status);
  const bad = destinations.filter((destination) => !isHealthy(destination)).length;
  return [
    state(status, style),
    `scans ${perSecond(rates.scans)}`, `threats ${perSecond(rates.threats)}`, `delivered ${perSecond(rates.delivered)}`,
    `spool ${spool(status, style)}`, `agents ${agents(status, style)}`,
    `destinations ${plain(destinations.length - bad)} ok${bad === 0 ? '' : style.bad(`, ${plain(bad)} not`)}`,
  ].join('  ');
}

/** The same for a script: the status, and what happened per second; null where that is not known. */
export function topDocument({ status, rates }: { readonly status: object; readonly rates: Rates }, timestamp: string): object {
  return {
    timestamp,
    scans_per_second: rates.scans ?? null, threats_per_second: rates.threats ?? null, delivered_per_second: rates.delivered ?? null,
    ...status,
    destinations: destinationsOf(status).map((destination, index) => ({ ...destination, delivered_per_second: rates.destinations[index] ?? null })),
  };
}

const MAX_WARNINGS = 3;

function title(status: object, style: Paint): string {
  return `${style.strong(`raxed ${plain(field(status, 'version'))}`)}  ${state(status, style)}  up ${duration(field(status, 'uptime_seconds'))}  pid ${String(field(status, 'pid') ?? '–')}  ${plain(field(status, 'memory_mb'))} MiB`;
}

function state(status: object, style: Paint): string {
  const value = field(status, 'state');
  return value === 'ready' ? style.good('✓ ready') : style.warn(`✗ ${plain(value)}`);
}

function spool(status: object, style: Paint): string {
  const it = field(status, 'spool');
  const value = field(it, 'state');
  const dead = field(it, 'dead');
  return [
    value === 'ok' ? style.good('ok') : style.bad(plain(value)),
    `${size(field(it, 'bytes'))} of ${size(field(it, 'max_bytes'))}`,
    `${plain(field(it, 'pending'))} pending`,
    dead === 0 ? '0 dead' : style.bad(`${plain(dead)} dead`),
  ].join(', ');
}

function agents(status: object, style: Paint): string {
  const of = (name: string): unknown => field(field(status, 'agents'), name);
  const count = (name: string, paint: (text: string) => string): string => (of(name) === 0 ? `0 ${name}` : paint(`${plain(of(name))} ${name}`));
  return [count('online', style.good), count('degraded', style.warn), count('offline', style.bad)].join(', ');
}

/** All that fit; where not all do, first those in trouble, then those with something waiting. */
function destinationLines({ status, rates }: { readonly status: object; readonly rates: Rates }, room: number, style: Paint): string[] {
  const all = destinationsOf(status).map((destination, index) => ({ destination, rate: rates.destinations[index] }));
  if (all.length === 0) return [style.faint('No destinations: there is no customer.')];
  const fits = all.length + 1 <= room;
  const chosen = fits ? all : [...all].sort((a, b) => urgency(a.destination) - urgency(b.destination)).slice(0, Math.max(0, room - 2));
  const head = ['CUSTOMER', 'DESTINATION', 'STATE', 'RATE', 'PENDING', 'LAG', 'DEAD'].map((text) => ({ text, style: style.faint }));
  return [...aligned([head, ...chosen.map(({ destination, rate }) => destinationCells(destination, rate, style))]), ...(fits ? [] : [style.faint(`and ${plain(all.length - chosen.length)} more`)])];
}

function destinationCells(destination: object, rate: number | undefined, style: Paint): Cell[] {
  const healthy = isHealthy(destination);
  const dead = field(destination, 'dead');
  return [
    { text: `${plain(field(destination, 'mssp_id'))}/${plain(field(destination, 'customer_id'))}` },
    { text: plain(field(destination, 'name')) },
    { text: `${healthy ? '✓' : '✗'} ${plain(field(destination, 'state'))}`, style: healthy ? style.good : style.bad },
    { text: perSecond(rate) },
    { text: plain(field(destination, 'pending')) },
    { text: field(destination, 'pending') === 0 ? '–' : duration(field(destination, 'oldest_pending_age_seconds')) },
    dead === 0 ? { text: '0' } : { text: plain(dead), style: style.bad },
  ];
}

function urgency(destination: object): number {
  if (!isHealthy(destination)) return 0;
  return field(destination, 'pending') === 0 ? 2 : 1;
}

function isHealthy(destination: object): boolean {
  return ['ok', 'idle'].includes(String(field(destination, 'state')));
}

function destinationsOf(status: unknown): object[] {
  return list(field(status, 'destinations')).filter((destination) => typeof destination === 'object' && destination !== null);
}

function keyOf(destination: object): string {
  return JSON.stringify(['mssp_id', 'customer_id', 'name'].map((name) => field(destination, name)));
}

function scannerField(sample: { readonly status: object } | undefined, name: string): unknown {
  return field(field(sample?.status, 'scanner'), name);
}

/** `12/s`, `0.4/s`. */
function perSecond(rate: number | undefined): string {
  if (rate === undefined) return '–';
  return `${plain(rate >= 10 ? Math.round(rate) : Math.round(rate * 10) / 10)}/s`;
}

/** A line without what goes beyond so many columns; escape sequences take none. */
function cut(line: string, columns: number): string {
  let width = 0;
  let kept = '';
  for (const [piece] of line.matchAll(/\u001b\[\d+m|./gsu)) {
    if (!piece.startsWith('\u001b')) width += textWidth(piece);
    if (width > columns) return line.includes('\u001b') ? `${kept}\u001b[0m` : kept;
    kept += piece;
  }
  return line;
}
