import { defineCommand } from '../command.js';
import { field, list, pairs, plain, table } from '../render.js';
import { callAndShow, ctlOptions } from './daemon-call.js';

const MSSP_ID = { name: 'id', required: true, describe: 'The MSSP\'s id' } as const;

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
  positionals: [MSSP_ID],
  examples: [['$0 mssp_yourcompany', 'one MSSP, without its secret']],
  build: (parser) => ctlOptions(parser),
  async run(args, io, [id]) {
    await callAndShow({
      method: 'mssp.show', params: { id },
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
  positionals: [MSSP_ID],
  examples: [
    ['$0 mssp_yourcompany', 'sends a test event now; exit 4 when it does not arrive'],
    ['RAXE_SKIP_SSL_VERIFY=true $0 test_mssp', 'the same to a receiver with a self-signed certificate'],
  ],
  build: (parser) => ctlOptions(parser),
  async run(args, io, [id]) {
    const skip = io.env['RAXE_SKIP_SSL_VERIFY']?.toLowerCase() === 'true' ? { skip_ssl_verify: true } : {};
    await callAndShow({
      method: 'mssp.test-webhook', params: { id, ...skip },
      render: (answer, style) => `${style.good('✓ the webhook took the test event')}  ${plain(field(answer, 'url'))} answered ${String(field(answer, 'http_status') ?? '–')} in ${milliseconds(field(answer, 'duration_ms'))}\n`,
    }, args, io);
    return 0;
  },
});

function milliseconds(value: unknown): string {
  return typeof value === 'number' ? `${Math.round(value)} ms` : '–';
}
