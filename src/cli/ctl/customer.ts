import type { Argv } from 'yargs';
import { RaxedError } from '../../errors.js';
import { defineCommand } from '../command.js';
import { done, field, list, pairs, plain, table } from '../render.js';
import { confirmAndCall, drainOptions, drainParams, lossesOf } from './confirmation.js';
import { callAndShow, ctlOptions } from './daemon-call.js';
import { CUSTOMER_ID, msspOption, webhookSecret, webhookSecretOptions } from './tenant-options.js';

const DATA_MODES = ['full', 'privacy_safe'] as const;
const LIMITS = ['low', 'medium', 'high', 'critical'] as const;
const THRESHOLD_CHANNELS = ['prompt', 'rag_context', 'tool_calls', 'response'] as const;
/** What goes back to the scanner's own setting. */
const DEFAULT = 'default';

export const customerCreate = defineCommand({
  examples: [
    ['$0 --mssp mssp_yourcompany --id cust_acme --name "Acme Corporation"', 'privacy_safe: no text ever leaves the site'],
    ['$0 --mssp mssp_yourcompany --id cust_b --name B --data-mode full --data-fields prompt,matched_text', 'the SOC is sent these texts of a threat'],
  ],
  build: (parser) => ctlOptions(customerOptions(msspOption(parser)
    .option('id', { type: 'string', requiresArg: true, demandOption: true, describe: 'Its id: letters, digits, _ and -' })
    .option('name', { type: 'string', requiresArg: true, demandOption: true, describe: 'Its name' }))),
  async run(args, io) {
    await callAndShow({
      method: 'customer.create',
      params: { mssp: args.mssp, id: args.id, name: args.name, ...customerParams(args), webhook_secret: await webhookSecret(args, io) },
      render: (customer, style) => done(`Created customer '${plain(field(customer, 'id'))}'`, factsOf(customer), style),
    }, args, io);
    return 0;
  },
});

export const customerConfigure = defineCommand({
  positionals: [CUSTOMER_ID],
  examples: [
    ['$0 cust_acme --mssp mssp_yourcompany --retention-days 7', 'what is not named stays as it is'],
    ['$0 cust_acme --mssp mssp_yourcompany --data-fields ""', 'an empty list: in data mode "full", all fields'],
    ['$0 cust_acme --mssp mssp_yourcompany --webhook-url ""', 'back to the MSSP\'s webhook'],
    ['$0 cust_acme --mssp mssp_yourcompany --block-at critical --l2-threshold 0.9', 'blocks what is critical, and believes the model only when it is sure'],
  ],
  build: (parser) => ctlOptions(customerOptions(msspOption(parser)
    .option('name', { type: 'string', requiresArg: true, describe: 'Its name' }))),
  async run(args, io, [id]) {
    await callAndShow({
      method: 'customer.configure',
      params: { mssp: args.mssp, id, name: args.name, ...customerParams(args), webhook_secret: await webhookSecret(args, io) },
      render: (customer, style) => done(`Configured customer '${plain(field(customer, 'id'))}'`, factsOf(customer), style),
    }, args, io);
    return 0;
  },
});

export const customerList = defineCommand({
  examples: [['$0 --mssp mssp_yourcompany', 'the customers of one MSSP']],
  build: (parser) => ctlOptions(msspOption(parser)),
  async run(args, io) {
    await callAndShow({
      method: 'customer.list', params: { mssp: args.mssp },
      render(answer, style) {
        const customers = list(field(answer, 'customers'));
        if (customers.length === 0) return 'This MSSP has no customer.\n';
        const rows = customers.map((customer) => [
          ...['id', 'name', 'data_mode', 'retention_days'].map((key) => plain(field(customer, key))),
          destinationsOf(customer), plain(field(customer, 'managed_by')),
        ]);
        return table(['ID', 'NAME', 'DATA MODE', 'RETENTION DAYS', 'DESTINATIONS', 'MANAGED BY'], rows, style);
      },
    }, args, io);
    return 0;
  },
});

export const customerShow = defineCommand({
  positionals: [CUSTOMER_ID],
  examples: [['$0 --mssp mssp_yourcompany cust_acme', 'one customer, without secrets']],
  build: (parser) => ctlOptions(msspOption(parser)),
  async run(args, io, [id]) {
    await callAndShow({
      method: 'customer.show', params: { mssp: args.mssp, id },
      render: (customer, style) => pairs([
        ['ID', plain(field(customer, 'id'))], ...factsOf(customer),
        ['SIEM', plain(list(field(customer, 'siem')).map((siem) => `${String(field(siem, 'name'))} (${String(field(siem, 'type'))}, ${String(field(siem, 'url'))})`))],
        ['Managed by', plain(field(customer, 'managed_by'))],
      ], style),
    }, args, io);
    return 0;
  },
});

export const customerDelete = defineCommand({
  positionals: [CUSTOMER_ID],
  examples: [['$0 --mssp mssp_yourcompany cust_acme', 'says what goes with it, and asks'], ['$0 --mssp mssp_yourcompany cust_acme --drain --force', 'lets pending events be delivered first, and does not ask']],
  build: (parser) => ctlOptions(drainOptions(msspOption(parser))),
  async run(args, io, [id]) {
    const { params, waitsMs } = drainParams(args);
    await confirmAndCall({
      verb: 'Delete', kind: 'customer', id,
      preview: { method: 'customer.delete', params: { mssp: args.mssp, id, dry_run: true } },
      method: 'customer.delete', params: { mssp: args.mssp, id, ...params }, waitsMs,
      render: (answer, style) => done(`Deleted customer '${plain(field(answer, 'id'))}'`, [['With it', plain(lossesOf(answer))]], style),
    }, args, io);
    return 0;
  },
});

function customerOptions<T>(parser: Argv<T>) {
  return webhookSecretOptions(parser
    .option('data-mode', { choices: DATA_MODES, requiresArg: true, describe: 'Whether texts may be sent; privacy_safe: never' })
    .option('data-fields', { type: 'string', requiresArg: true, describe: 'In data mode "full": prompt, matched_text, response, system_prompt, tool_calls, rag_context, with commas between; empty: all' })
    .option('retention-days', { type: 'number', requiresArg: true, describe: 'How long what cannot be delivered is kept, 0 to 90' })
    .option('heartbeat-threshold', { type: 'number', requiresArg: true, describe: 'Seconds without a heartbeat until an agent is offline, 60 to 3600' })
    .option('webhook-url', { type: 'string', requiresArg: true, describe: 'Instead of the MSSP\'s webhook' })
    .option('threat-at', { choices: [...LIMITS, DEFAULT], requiresArg: true, describe: 'The severity from which a scan counts as a threat' })
    .option('block-at', { choices: [...LIMITS, 'never', DEFAULT], requiresArg: true, describe: 'The severity from which action_taken is "block"' })
    .option('l2', { choices: ['on', 'off', DEFAULT], requiresArg: true, describe: 'Whether the on-device model is asked' })
    .option('l2-threshold', { type: 'string', requiresArg: true, describe: 'The probability from which it is believed, 0 to 1; or by channel, as in prompt=0.9,rag_context=0.8; default: its own' }));
}

function customerParams(args: {
  readonly dataMode: string | undefined; readonly dataFields: string | undefined; readonly retentionDays: number | undefined;
  readonly heartbeatThreshold: number | undefined; readonly webhookUrl: string | undefined;
  readonly threatAt: string | undefined; readonly blockAt: string | undefined; readonly l2: string | undefined; readonly l2Threshold: string | undefined;
}): object {
  return {
    data_mode: args.dataMode,
    data_fields: args.dataFields?.trim() === '' ? [] : args.dataFields?.split(',').map((name) => name.trim()),
    retention_days: args.retentionDays,
    heartbeat_threshold: args.heartbeatThreshold,
    webhook_url: args.webhookUrl,
    threat_at: args.threatAt === DEFAULT ? null : args.threatAt,
    block_at: args.blockAt === DEFAULT ? null : args.blockAt,
    l2_enabled: args.l2 === DEFAULT ? null : args.l2 === undefined ? undefined : args.l2 === 'on',
    l2_threshold: args.l2Threshold === undefined ? undefined : parseThreshold(args.l2Threshold),
  };
}

/** Throws USAGE. */
function parseThreshold(text: string): number | object | null {
  if (text === DEFAULT) return null;
  if (!text.includes('=')) return shareOf(text, '--l2-threshold');
  const shares = text.split(',').map((part): [string, number] => {
    const [name = '', value = '', ...more] = part.split('=');
    const channel = THRESHOLD_CHANNELS.find((known) => known === name.trim());
    if (channel === undefined || more.length > 0) throw new RaxedError('USAGE', `--l2-threshold takes one probability for all channels, or some of ${THRESHOLD_CHANNELS.join(', ')} as in prompt=0.9,rag_context=0.8`);
    return [channel, shareOf(value, `--l2-threshold: ${channel}`)];
  });
  if (new Set(shares.map(([channel]) => channel)).size < shares.length) throw new RaxedError('USAGE', '--l2-threshold names a channel twice');
  return Object.fromEntries(shares);
}

function shareOf(text: string, what: string): number {
  if (!/^(?:0|1|0?\.\d{1,15}|[01]\.0{1,15})$/.test(text.trim())) throw new RaxedError('USAGE', `${what} takes a probability from 0 to 1, such as 0.9`);
  return Number(text);
}

function factsOf(customer: object): [string, string][] {
  return [
    ['MSSP', plain(field(customer, 'mssp_id'))],
    ['Name', plain(field(customer, 'name'))],
    ['Data mode', plain(field(customer, 'data_mode'))],
    ['Data fields', field(customer, 'data_mode') === 'full' && list(field(customer, 'data_fields')).length === 0 ? 'all' : plain(field(customer, 'data_fields'))],
    ['Retention', `${plain(field(customer, 'retention_days'))} days`],
    ['Heartbeat threshold', `${String(field(customer, 'heartbeat_threshold_seconds') ?? '–')} s`],
    ...ownLimits(customer),
    ['Webhook', field(customer, 'webhook_url') === null ? 'the MSSP\'s' : plain(field(customer, 'webhook_url'))],
  ];
}

/** What the customer has instead of the scanner's settings; nothing where it has none. */
function ownLimits(customer: object): [string, string][] {
  const l2 = field(customer, 'l2');
  const enabled = field(l2, 'enabled');
  const threshold = field(l2, 'threshold');
  const shares = typeof threshold === 'object' && threshold !== null ? Object.entries(threshold).filter(([, share]) => share !== null).map(([channel, share]) => `${channel}=${String(share)}`).join(', ') : threshold;
  const limits: readonly (readonly [string, unknown])[] = [
    ['Threat at', field(customer, 'threat_at')], ['Block at', field(customer, 'block_at')],
    ['L2', typeof enabled === 'boolean' ? (enabled ? 'on' : 'off') : undefined], ['L2 threshold', shares],
  ];
  return limits.flatMap(([name, value]): [string, string][] => (value === null || value === undefined ? [] : [[name, plain(value)]]));
}

function destinationsOf(customer: unknown): string {
  return ['webhook', ...list(field(customer, 'siem')).map((siem) => plain(field(siem, 'name')))].join(', ');
}
