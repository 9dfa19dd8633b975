import type { Argv } from 'yargs';
import { defineCommand } from '../command.js';
import type { Paint } from '../render.js';
import { done, field, list, plain, table } from '../render.js';
import { callAndShow, ctlOptions } from './daemon-call.js';

const RULE = { name: 'rule', required: true, describe: 'The rule\'s id, or the beginning of some and *, as in "pi-*"' } as const;

export const rulesList = defineCommand({
  examples: [['$0', 'the rules that the daemon scans with, and how often each fired since the start']],
  build: (parser) => ctlOptions(parser),
  async run(args, io) {
    await callAndShow({
      method: 'rules.list', params: {},
      render(answer, style) {
        const rows = list(field(answer, 'rules')).map((rule) => ['id', 'family', 'severity', 'confidence', 'hits', 'name'].map((key) => plain(field(rule, key))))
          .sort(([one = ''], [other = '']) => (one < other ? -1 : 1));
        return `${table(['ID', 'FAMILY', 'SEVERITY', 'CONFIDENCE', 'HITS', 'NAME'], rows, style)}\n${rows.length} rules, engine ${plain(field(answer, 'engine'))}\n`;
      },
    }, args, io);
    return 0;
  },
});

export const rulesSuppress = defineCommand({
  positionals: [RULE],
  examples: [
    ['$0 pii-001 --mssp mssp_yourcompany --customer cust_acme --reason "our own addresses" --expires 7d', 'this customer\'s SOC is not told of it for a week'],
    ['$0 "l2-*"', 'nothing that the model finds is reported, of no customer'],
  ],
  build: (parser) => scopeOptions(ctlOptions(parser))
    .option('reason', { type: 'string', requiresArg: true, describe: 'Why, for those who look at the list' })
    .option('expires', { type: 'string', requiresArg: true, describe: 'After 7d (or m, h, w), or at a time as 2026-12-31T00:00:00Z; else never' }),
  async run(args, io, [rule]) {
    await callAndShow({
      method: 'rules.suppress',
      params: { id: rule, mssp: args.mssp, customer: args.customer, reason: args.reason, expires: args.expires },
      render: (answer, style) => done(`Suppressed '${plain(field(answer, 'rule'))}'`, [['For', scopeOf(answer)], ['Until', untilOf(answer)]], style),
    }, args, io);
    return 0;
  },
});

export const rulesUnsuppress = defineCommand({
  positionals: [RULE],
  examples: [['$0 pii-001 --mssp mssp_yourcompany --customer cust_acme', 'the rule is reported again']],
  build: (parser) => scopeOptions(ctlOptions(parser)),
  async run(args, io, [rule]) {
    await callAndShow({
      method: 'rules.unsuppress',
      params: { id: rule, mssp: args.mssp, customer: args.customer },
      render: (answer, style) => done(`Reporting '${plain(field(answer, 'rule'))}' again`, [['For', scopeOf(answer)]], style),
    }, args, io);
    return 0;
  },
});

export const rulesSuppressions = defineCommand({
  examples: [['$0', 'what is not reported, for whom, why, and until when']],
  build: (parser) => ctlOptions(parser),
  async run(args, io) {
    await callAndShow({
      method: 'rules.suppressions', params: {},
      render(answer, style: Paint) {
        const rows = list(field(answer, 'suppressions')).map((each) => [plain(field(each, 'rule')), scopeOf(each), untilOf(each), plain(field(each, 'reason')), plain(field(each, 'managed_by'))]);
        return rows.length === 0 ? 'Every rule is reported.\n' : table(['RULE', 'FOR', 'UNTIL', 'REASON', 'MANAGED BY'], rows, style);
      },
    }, args, io);
    return 0;
  },
});

function scopeOptions<T>(parser: Argv<T>) {
  return parser
    .option('mssp', { type: 'string', requiresArg: true, describe: 'Only for this MSSP\'s customer (with --customer)' })
    .option('customer', { type: 'string', requiresArg: true, describe: 'Only for this customer (with --mssp)' });
}

function scopeOf(suppression: unknown): string {
  const customer = field(suppression, 'customer_id');
  return customer === undefined ? 'all customers' : `${plain(field(suppression, 'mssp_id'))}/${plain(customer)}`;
}

function untilOf(suppression: unknown): string {
  const expires = field(suppression, 'expires');
  return expires === undefined ? 'for good' : `${plain(expires)}${field(suppression, 'expired') === true ? ' (expired)' : ''}`;
}
