import { defineCommand } from '../command.js';
import { wantsColour, written } from '../io.js';
import type { Paint } from '../render.js';
import { field, paint, plain } from '../render.js';
import { connectionOptions, ctlOptions } from './daemon-call.js';

export const command = defineCommand({
  examples: [['$0', 'every event as it happens, after the privacy filter; Ctrl-C ends'], ['$0 --customer cust_acme --json', 'one JSON object a line']],
  build: (parser) => ctlOptions(parser)
    .option('severity', { type: 'string', requiresArg: true, choices: ['low', 'medium', 'high', 'critical'], describe: 'Only scans in which something at least so severe was found' })
    .option('threats', { type: 'boolean', describe: 'Only scans that found a threat' })
    .option('mssp', { type: 'string', requiresArg: true, describe: 'Only events of this MSSP' })
    .option('customer', { type: 'string', requiresArg: true, describe: 'Only events of this customer' })
    .option('type', { type: 'string', requiresArg: true, describe: 'Only events of this type: scan, heartbeat, agent_status_change, test, delivery_gap' })
    .option('limit', { type: 'number', requiresArg: true, describe: 'End after this many events' }),
  async run(args, io) {
    const { subscribe } = await import('../../client/subscription.js');
    const ended = new AbortController();
    const end = (): void => { ended.abort(); };
    io.on('SIGINT', end);
    io.on('SIGTERM', end);
    const style = paint(wantsColour(io));
    let shown = 0;
    let failure: unknown;
    const { mssp, customer, type, severity, threats } = args;
    await subscribe({
      method: 'tail',
      params: { mssp, customer, type, severity, threats },
      onEvent(event) {
        if (ended.signal.aborted) return;
        void written(io.stdout, args.json === true ? `${JSON.stringify(event)}\n` : renderEvent(event, style)).then((open) => { if (!open) end(); }, (error: unknown) => { failure ??= error; end(); });
        shown++;
        if (args.limit !== undefined && shown >= args.limit) end();
      },
    }, { ...connectionOptions(args, io), signal: ended.signal });
    if (failure !== undefined) throw failure;
    return 0;
  },
});

export function renderEvent(event: object, style: Paint): string {
  const payload = field(event, 'payload');
  const threat = field(payload, 'threat_detected');
  const l1 = field(payload, 'l1');
  const what = field(event, 'event_type') === 'scan'
    ? [threat === true ? style.bad(`✗ ${plain(field(l1, 'highest_severity'))}`) : style.good('✓ clean'), plain(field(l1, 'families')), plain(field(event, 'event_id'))].join('  ')
    : plain(field(payload, 'status') ?? field(payload, 'reason') ?? field(payload, 'message'));
  return `${style.faint(plain(field(event, 'timestamp')))}  ${plain(field(event, 'event_type'))}  ${plain(field(payload, 'mssp_id'))}/${plain(field(payload, 'customer_id'))}  ${what}\n`;
}
