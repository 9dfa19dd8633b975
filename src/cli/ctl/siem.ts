import { defineCommand } from '../command.js';
import type { Paint } from '../render.js';
import { done, field, list, pairs, plain } from '../render.js';
import { readSecret } from '../secret-input.js';
import { confirmAndCall, forceOption, lossesOf } from './confirmation.js';
import { callAndShow, ctlOptions, milliseconds, skipSslVerify } from './daemon-call.js';
import { siemOptions, siemParams } from './siem-options.js';
import { CUSTOMER_ID, msspOption } from './tenant-options.js';

const TYPES = ['splunk', 'crowdstrike', 'sentinel', 'cef', 'arcsight'] as const;

export const siemConfigure = defineCommand({
  positionals: [CUSTOMER_ID],
  values: { name: 'siem' },
  examples: [
    ['$0 cust_acme --mssp mssp_yourcompany --type cef --url syslog://siem.example --tls --ca-file siem.pem', 'CEF over syslog and TLS, port 6514'],
    ['$0 cust_acme --mssp mssp_yourcompany --type splunk --url https://splunk.example:8088 --token-file hec.token --splunk-index security', 'the token stays out of the shell\'s history'],
  ],
  build: (parser) => ctlOptions(siemOptions(msspOption(parser)
    .option('type', { choices: TYPES, requiresArg: true, demandOption: true, describe: 'The kind of SIEM' })
    .option('url', { type: 'string', requiresArg: true, demandOption: true, describe: 'Where it receives events' })
    .option('token', { type: 'string', requiresArg: true, describe: 'Its token or shared key; - reads standard input' })
    .option('token-file', { type: 'string', requiresArg: true, describe: 'The same from a file' }))),
  async run(args, io, [id]) {
    const token = await readSecret('token', { value: args.token, file: args.tokenFile }, io);
    await callAndShow({
      method: 'customer.siem.configure',
      params: { mssp: args.mssp, id, type: args.type, url: args.url, token, ...siemParams(args, io.cwd) },
      render: renderConfigured,
    }, args, io);
    return 0;
  },
});

export const siemShow = defineCommand({
  positionals: [CUSTOMER_ID],
  examples: [['$0 cust_acme --mssp mssp_yourcompany', 'the SIEMs of a customer, without their tokens']],
  build: (parser) => ctlOptions(msspOption(parser)),
  async run(args, io, [id]) {
    await callAndShow({
      method: 'customer.siem.show', params: { mssp: args.mssp, id },
      render(answer, style) {
        const siems = list(field(answer, 'siem'));
        if (siems.length === 0) return 'This customer has no SIEM.\n';
        return siems.map((siem) => `${style.strong(plain(field(siem, 'name')))}\n${pairs(settingsOf(siem).map(([key, value]) => [`  ${key}`, value]), style)}`).join('\n');
      },
    }, args, io);
    return 0;
  },
});

export const siemTest = defineCommand({
  positionals: [CUSTOMER_ID],
  values: { name: 'siem' },
  examples: [
    ['$0 cust_acme --mssp mssp_yourcompany', 'sends a test event to each SIEM now; exit 4 when one does not take it'],
    ['$0 cust_acme --mssp mssp_yourcompany --check-only', 'sends no event: asks only whether they would take one'],
    ['RAXE_SKIP_SSL_VERIFY=true $0 cust_acme --mssp mssp_yourcompany --name cef', 'one of them, whose certificate is self-signed'],
  ],
  build: (parser) => ctlOptions(msspOption(parser)
    .option('name', { type: 'string', requiresArg: true, describe: 'Only this one' })
    .option('check-only', { type: 'boolean', describe: 'Send no event: only ask for their health' })),
  async run(args, io, [id]) {
    await callAndShow({
      method: 'customer.siem.test', params: { mssp: args.mssp, id, name: args.name, ...skipSslVerify(io), ...(args.checkOnly === true ? { check_only: true } : {}) },
      render: (answer, style) => list(field(answer, 'results')).map((result) => renderTried(result, style)).join(''),
    }, args, io);
    return 0;
  },
});

export const siemDisable = defineCommand({
  positionals: [CUSTOMER_ID],
  values: { name: 'siem' },
  examples: [['$0 cust_acme --mssp mssp_yourcompany', 'says what waits for it, and asks'], ['$0 cust_acme --mssp mssp_yourcompany --name splunk --force', 'one of several, without a question']],
  build: (parser) => ctlOptions(forceOption(msspOption(parser)
    .option('name', { type: 'string', requiresArg: true, describe: 'Which one, where there are several' }))),
  async run(args, io, [id]) {
    const params = { mssp: args.mssp, id, name: args.name };
    await confirmAndCall({
      verb: 'Disable', kind: 'SIEM', id: args.name,
      preview: { method: 'customer.siem.disable', params: { ...params, dry_run: true } },
      method: 'customer.siem.disable', params,
      render: (answer, style) => done(`Disabled SIEM '${plain(field(answer, 'name'))}' of customer '${plain(field(answer, 'customer_id'))}'`, [['With it', plain(lossesOf(answer))]], style),
    }, args, io);
    return 0;
  },
});

function renderConfigured(answer: object, style: Paint): string {
  const siem = field(answer, 'siem');
  const configured = done(`Configured SIEM '${plain(field(siem, 'name'))}' of customer '${plain(field(answer, 'customer_id'))}'`, settingsOf(siem), style);
  return configured + list(field(answer, 'warnings')).map((warning) => `${style.warn('!')} ${plain(warning)}\n`).join('');
}

/** What came of a test event, or of the question for its health: one line, and under it what is worth knowing. */
function renderTried(result: unknown, style: Paint): string {
  const [status, says, certificate] = ['http_status', 'says', 'certificate'].map((name) => field(result, name));
  const done = field(result, 'delivered') === false ? 'is ready' : 'took the test event';
  const answer = status === undefined ? '' : ` answered ${plain(status)}`;
  const facts = [
    ['Said', says], ['Checked', field(result, 'checked')], ['Event', field(result, 'event_id')],
    ...(certificate === undefined ? [] : [
      ['Certificate', `${plain(field(certificate, 'subject'))}, of ${plain(field(certificate, 'issuer'))}`],
      ['Valid until', field(certificate, 'valid_to')], ['SHA-256', field(certificate, 'sha256')],
    ] as const),
  ] as const;
  return `${style.good(`✓ ${plain(field(result, 'name'))} ${done}`)}  ${plain(field(result, 'url'))}${answer} in ${milliseconds(field(result, 'duration_ms'))}\n`
    + facts.flatMap(([label, value]) => (value === undefined ? [] : [`  ${label}: ${plain(value)}\n`])).join('');
}

/** All that is set, in the words of the configuration. */
function settingsOf(siem: unknown): [string, string][] {
  if (typeof siem !== 'object' || siem === null) return [];
  return Object.entries(siem).filter(([key, value]) => key !== 'name' && value !== null).map(([key, value]) => [plain(key), plain(typeof value === 'string' ? value : JSON.stringify(value))]);
}
