import type { Argv } from 'yargs';
import { RaxedError } from '../../errors.js';
import { defineCommand } from '../command.js';
import type { Paint } from '../render.js';
import { counted, done, field, list, pairs, plain, table } from '../render.js';
import { confirmAndCall, drainOptions, drainParams, lossesOf } from './confirmation.js';
import { callAndShow, ctlOptions, milliseconds, skipSslVerify } from './daemon-call.js';
import { MSSP_ID, webhookSecret, webhookSecretOptions } from './tenant-options.js';

const TIERS = ['starter', 'professional', 'enterprise'] as const;

export const msspCreate = defineCommand({
  examples: [
    ['$0 --id mssp_yourcompany --name "Your Security Services" --webhook-url https://soc.example/raxe/alerts --webhook-secret-file webhook.secret', 'the secret stays out of the shell\'s history'],
    ['pass show soc | $0 --id mssp_b --name B --webhook-url https://b.example/ --webhook-secret - --tier professional', 'the secret from standard input'],
  ],
  build: (parser) => ctlOptions(limitOptions(webhookSecretOptions(parser
    .option('id', { type: 'string', requiresArg: true, demandOption: true, describe: 'Its id: letters, digits, _ and -' })
    .option('name', { type: 'string', requiresArg: true, demandOption: true, describe: 'Its name' })
    .option('webhook-url', { type: 'string', requiresArg: true, demandOption: true, describe: 'Where its SOC receives events' })))),
  async run(args, io) {
    const webhook_secret = await webhookSecret(args, io);
    if (webhook_secret === undefined) throw new RaxedError('USAGE', 'give --webhook-secret or --webhook-secret-file');
    await callAndShow({
      method: 'mssp.create',
      params: { id: args.id, name: args.name, webhook_url: args.webhookUrl, webhook_secret, tier: args.tier, max_customers: maxCustomers(args.maxCustomers) ?? undefined },
      render: (mssp, style) => done(`Created MSSP '${plain(field(mssp, 'id'))}'`, factsOf(mssp), style),
    }, args, io);
    return 0;
  },
});

export const msspConfigure = defineCommand({
  positionals: [MSSP_ID],
  examples: [['$0 mssp_yourcompany --tier professional', 'what is not named stays as it is'], ['$0 mssp_yourcompany --max-customers tier', 'as many customers as its tier allows']],
  build: (parser) => ctlOptions(limitOptions(parser)
    .option('name', { type: 'string', requiresArg: true, describe: 'Its name' })
    .option('webhook-url', { type: 'string', requiresArg: true, describe: 'Where its SOC receives events (its secret: rotate-secret)' })),
  async run(args, io, [id]) {
    await callAndShow({
      method: 'mssp.configure',
      params: { id, name: args.name, tier: args.tier, max_customers: maxCustomers(args.maxCustomers), webhook_url: args.webhookUrl },
      render: (mssp, style) => done(`Configured MSSP '${plain(field(mssp, 'id'))}'`, factsOf(mssp), style),
    }, args, io);
    return 0;
  },
});

export const msspList = defineCommand({
  examples: [['$0', 'all MSSPs'], ['$0 --json', 'the same for a script']],
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
      render: (mssp, style) => pairs([['ID', plain(field(mssp, 'id'))], ...factsOf(mssp), ['Customers', plain(field(mssp, 'customers'))], ['Managed by', plain(field(mssp, 'managed_by'))]], style),
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
    await callAndShow({
      method: 'mssp.test-webhook', params: { id, ...skipSslVerify(io) },
      render: (answer, style) => `${style.good('✓ the webhook took the test event')}  ${plain(field(answer, 'url'))} answered ${String(field(answer, 'http_status') ?? '–')} in ${milliseconds(field(answer, 'duration_ms'))}\n`,
    }, args, io);
    return 0;
  },
});

export const msspRotateSecret = defineCommand({
  positionals: [MSSP_ID],
  examples: [
    ['$0 mssp_yourcompany', 'makes a new secret and shows it once; for 24 hours the old one signs too'],
    ['$0 mssp_yourcompany --webhook-secret-file new.secret --overlap-hours 0', 'a secret of your own; the old one signs no more'],
  ],
  build: (parser) => ctlOptions(webhookSecretOptions(parser)
    .option('overlap-hours', { type: 'number', requiresArg: true, describe: 'How long the old secret signs too (24)' })),
  async run(args, io, [id]) {
    await callAndShow({
      method: 'mssp.rotate-secret',
      params: { id, webhook_secret: await webhookSecret(args, io), overlap_hours: args.overlapHours },
      render: renderRotation,
    }, args, io);
    return 0;
  },
});

export const msspDelete = defineCommand({
  positionals: [MSSP_ID],
  examples: [['$0 mssp_yourcompany', 'says what goes with it, and asks'], ['$0 mssp_yourcompany --drain --force', 'lets pending events be delivered first, and does not ask']],
  build: (parser) => ctlOptions(drainOptions(parser)),
  async run(args, io, [id]) {
    const { params, waitsMs } = drainParams(args);
    await confirmAndCall({
      verb: 'Delete', kind: 'MSSP', id,
      preview: { method: 'mssp.delete', params: { id, dry_run: true } },
      method: 'mssp.delete', params: { id, ...params }, waitsMs,
      render: (answer, style) => done(`Deleted MSSP '${plain(field(answer, 'id'))}'`, [['With it', plain(lossesOf(answer))]], style),
    }, args, io);
    return 0;
  },
});

interface LimitArgs {
  readonly tier: (typeof TIERS)[number] | undefined;
  readonly 'max-customers': string | undefined;
}

function limitOptions<T>(parser: Argv<T>): Argv<T & LimitArgs> {
  return parser
    .option('tier', { choices: TIERS, requiresArg: true, describe: 'starter: 10 customers, professional: 50, enterprise: unlimited' })
    .option('max-customers', { type: 'string', requiresArg: true, describe: 'A number instead of the tier\'s, 0 for unlimited; or "tier"' });
}

/** As on the wire: null is the tier's. */
function maxCustomers(given: string | undefined): number | null | undefined {
  if (given === undefined) return undefined;
  if (given === 'tier') return null;
  if (!/^\d{1,9}$/.test(given)) throw new RaxedError('USAGE', '--max-customers takes a number, or "tier"');
  return Number(given);
}

function factsOf(mssp: object): [string, string][] {
  const limit = field(mssp, 'customer_limit');
  const previous = field(mssp, 'previous_secret_until');
  return [
    ['Name', plain(field(mssp, 'name'))],
    ['Tier', `${plain(field(mssp, 'tier'))} (${typeof limit === 'number' ? `at most ${counted(limit, 'customer')}` : 'unlimited customers'})`],
    ['Webhook', plain(field(mssp, 'webhook_url'))],
    ...(previous === undefined ? [] : [['Old secret', `signs too until ${plain(previous)}`] as [string, string]]),
  ];
}

/** A generated secret stands on a line of its own, so that it is copied whole. */
function renderRotation(answer: object, style: Paint): string {
  const until = plain(field(answer, 'previous_secret_until'));
  const rotated = done(`Rotated the webhook secret of MSSP '${plain(field(answer, 'id'))}'`, [['Old secret', `signs too until ${until}`]], style);
  if (field(answer, 'generated') !== true) return rotated;
  return `${rotated}\nThe new secret, shown only now:\n\n${style.strong(plain(field(answer, 'webhook_secret')))}\n`;
}
