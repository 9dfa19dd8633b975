import { defineCommand } from '../command.js';
import { field, list, pairs, plain, table } from '../render.js';
import { callAndShow, ctlOptions } from './daemon-call.js';

export const msspList = defineCommand({
  build: (parser) => ctlOptions(parser),
  async run(args, io) {
    await callAndShow({
      method: 'mssp.list', params: {},
      render(answer, style) {
        const mssps = list(field(answer, 'mssps'));
        if (mssps.length === 0) return 'There is no MSSP.\n';
        const rows = mssps.map((mssp) => ['id', 'name', 'tier', 'customers', 'webhook_url', 'managed_by'].map((key) => plain(field(mssp, key))));
        return table(['ID', 'NAME', 'TIER', 'CUSTOMERS', 'WEBHOOK', 'MANAGED BY'], rows, style);
      },
    }, args, io);
    return 0;
  },
});

export const msspShow = defineCommand({
  positional: '<id>',
  examples: [['$0 mssp_yourcompany', 'one MSSP, without its secret']],
  build: (parser) => ctlOptions(parser.positional('id', { type: 'string', demandOption: true, describe: 'The MSSP\'s id' })),
  async run(args, io) {
    await callAndShow({
      method: 'mssp.show', params: { id: args.id },
      render: (mssp, style) => pairs([
        ['ID', plain(field(mssp, 'id'))], ['Name', plain(field(mssp, 'name'))], ['Tier', plain(field(mssp, 'tier'))],
        ['Max customers', plain(field(mssp, 'max_customers'))], ['Customers', plain(field(mssp, 'customers'))],
        ['Webhook', plain(field(mssp, 'webhook_url'))], ['Managed by', plain(field(mssp, 'managed_by'))],
      ], style),
    }, args, io);
    return 0;
  },
});

export const msspTestWebhook = defineCommand({
  positional: '<id>',
  examples: [
    ['$0 mssp_yourcompany', 'sends a test event now; exit 4 when it does not arrive'],
    ['RAXE_SKIP_SSL_VERIFY=true $0 test_mssp', 'the same to a receiver with a self-signed certificate'],
  ],
  build: (parser) => ctlOptions(parser.positional('id', { type: 'string', demandOption: true, describe: 'The MSSP\'s id' })),
  async run(args, io) {
    const skip = io.env['RAXE_SKIP_SSL_VERIFY'] === 'true' ? { skip_ssl_verify: true } : {};
    await callAndShow({
      method: 'mssp.test-webhook', params: { id: args.id, ...skip },
      render: (answer, style) => `${style.good('✓ the webhook took the test event')}  ${plain(field(answer, 'url'))} answered ${String(field(answer, 'http_status') ?? '–')} in ${milliseconds(field(answer, 'duration_ms'))}\n`,
    }, args, io);
    return 0;
  },
});

function milliseconds(value: unknown): string {
  return typeof value === 'number' ? `${Math.round(value)} ms` : '–';
}
