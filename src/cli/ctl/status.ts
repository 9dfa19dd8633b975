import { defineCommand } from '../command.js';
import type { Cell, Paint } from '../render.js';
import { duration, field, list, pairs, plain, size, table } from '../render.js';
import { callAndShow, ctlOptions } from './daemon-call.js';

export const command = defineCommand({
  examples: [['$0', 'what runs, what waits, what is wrong'], ['$0 --json', 'the same for a script']],
  build: (parser) => ctlOptions(parser),
  async run(args, io) {
    await callAndShow({ method: 'status', params: {}, render: renderStatus }, args, io);
    return 0;
  },
});

export function renderStatus(status: object, style: Paint): string {
  const state = field(status, 'state');
  const mark = state === 'ready' ? style.good('✓ ready') : style.warn(`✗ ${plain(state)}`);
  const config = field(status, 'config');
  const scanner = field(status, 'scanner');
  const spool = field(status, 'spool');
  const agents = field(status, 'agents');
  const audit = field(status, 'audit');
  const lastError = field(config, 'last_error');
  const rows: [string, string][] = [
    ['Configuration', `${plain(field(config, 'file'))}, loaded ${plain(field(config, 'loaded_at'))}`],
    ...(lastError === undefined ? [] : [['', style.bad(`✗ the newest version was refused: ${plain(field(lastError, 'message') ?? lastError)}`)] as [string, string]]),
    ...(field(config, 'restart_required') === true ? [['', style.warn('! a restart is required for some of it')] as [string, string]] : []),
    ['Scanner', `${plain(field(scanner, 'rules'))} rules (${plain(field(scanner, 'engine'))}), ${plain(field(scanner, 'scans_total'))} scans, ${plain(field(scanner, 'threats_total'))} threats, L2 ${l2(field(scanner, 'l2'))}${troubles(scanner, style)}`],
    ['Spool', `${stateText(field(spool, 'state'), style)}, ${size(field(spool, 'bytes'))} of ${size(field(spool, 'max_bytes'))}, ${['pending', 'dead', 'rejected'].map((name) => `${plain(field(spool, name) ?? 0)} ${name}`).join(', ')}`],
    ['Agents', ['online', 'degraded', 'offline'].map((name) => `${plain(field(agents, name) ?? 0)} ${name}`).join(', ')],
    ['Audit', `${stateText(field(audit, 'state'), style)}, ${plain(field(audit, 'files'))} files, ${size(field(audit, 'bytes'))}`],
  ];
  const warnings = list(field(status, 'warnings'));
  return [
    `${style.strong(`raxed ${plain(field(status, 'version'))}`)}  ${mark}  up ${duration(field(status, 'uptime_seconds'))}  pid ${String(field(status, 'pid') ?? '–')}\n\n`,
    pairs(rows, style),
    `\n${renderDestinations(list(field(status, 'destinations')), style)}`,
    ...(warnings.length === 0 ? [] : ['\n', ...warnings.map((warning) => `${style.warn('!')} ${plain(warning)}\n`)]),
  ].join('');
}

function renderDestinations(destinations: readonly unknown[], style: Paint): string {
  if (destinations.length === 0) return 'No destinations: the configuration names no customer.\n';
  const rows = destinations.map((destination): (string | Cell)[] => {
    const state = field(destination, 'state');
    const healthy = state === 'ok' || state === 'idle';
    const waits = field(destination, 'pending') !== 0;
    return [
      `${plain(field(destination, 'mssp_id'))}/${plain(field(destination, 'customer_id'))}`,
      plain(field(destination, 'name')),
      { text: `${healthy ? '✓' : '✗'} ${plain(state)}`, style: healthy ? style.good : style.bad },
      plain(field(destination, 'pending')),
      waits ? duration(field(destination, 'oldest_pending_age_seconds')) : '–',
      plain(field(destination, 'delivered')),
      { text: plain(field(destination, 'dead')), style: field(destination, 'dead') === 0 ? style.strong : style.bad },
      `${plain(field(destination, 'url'))}${field(destination, 'lossy') === true ? ' (lossy)' : ''}${field(destination, 'stalled') === true ? ' (stalled behind its oldest event)' : ''}${note(field(destination, 'last_error'), healthy)}`,
    ];
  });
  return table(['CUSTOMER', 'DESTINATION', 'STATE', 'PENDING', 'OLDEST', 'DELIVERED', 'DEAD', 'WHERE'], rows, style);
}

/** The last error is news only while it stands. */
function note(lastError: unknown, healthy: boolean): string {
  if (lastError === undefined || healthy) return '';
  return `: ${plain(field(lastError, 'message') ?? lastError)}`;
}

function stateText(state: unknown, style: Paint): string {
  return state === 'ok' ? style.good('ok') : style.bad(plain(state));
}

/** Of scans that the scanner had to leave undone; nothing while there are none. */
function troubles(scanner: unknown, style: Paint): string {
  const counts = [['scans_incomplete', 'not done in time'], ['scans_failed', 'failed']] as const;
  return counts.map(([key, words]) => ((Number(field(scanner, key) ?? 0)) > 0 ? `, ${style.bad(`${plain(field(scanner, key))} ${words}`)}` : '')).join('');
}

function l2(value: unknown): string {
  return field(value, 'enabled') === true ? `on (${plain(field(value, 'model_version'))})` : 'off';
}
