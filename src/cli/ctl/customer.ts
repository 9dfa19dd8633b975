import type { Argv } from 'yargs';
import { defineCommand } from '../command.js';
import { field, list, pairs, plain, table } from '../render.js';
import { callAndShow, ctlOptions } from './daemon-call.js';

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
  positionals: [{ name: 'id', required: true, describe: 'The customer\'s id' }],
  examples: [['$0 --mssp mssp_yourcompany cust_acme', 'one customer, without secrets']],
  build: (parser) => ctlOptions(msspOption(parser)),
  async run(args, io, [id]) {
    await callAndShow({
      method: 'customer.show', params: { mssp: args.mssp, id },
      render: (customer, style) => pairs([
        ['ID', plain(field(customer, 'id'))], ['Name', plain(field(customer, 'name'))], ['Data mode', plain(field(customer, 'data_mode'))],
        ['Data fields', field(customer, 'data_mode') === 'full' && list(field(customer, 'data_fields')).length === 0 ? 'all' : plain(field(customer, 'data_fields'))],
        ['Retention', `${plain(field(customer, 'retention_days'))} days`],
        ['Heartbeat threshold', `${plain(field(customer, 'heartbeat_threshold_seconds'))} s`],
        ['Webhook', field(customer, 'webhook_url') === null ? 'the MSSP\'s' : plain(field(customer, 'webhook_url'))],
        ['SIEM', plain(list(field(customer, 'siem')).map((siem) => `${String(field(siem, 'name'))} (${String(field(siem, 'type'))}, ${String(field(siem, 'url'))})`))],
        ['Managed by', plain(field(customer, 'managed_by'))],
      ], style),
    }, args, io);
    return 0;
  },
});

function msspOption<T>(parser: Argv<T>): Argv<T & { mssp: string }> {
  return parser.option('mssp', { type: 'string', requiresArg: true, demandOption: true, describe: 'The MSSP\'s id' });
}

function destinationsOf(customer: unknown): string {
  return ['webhook', ...list(field(customer, 'siem')).map((siem) => plain(field(siem, 'name')))].join(', ');
}
