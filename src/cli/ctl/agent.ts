import { defineCommand } from '../command.js';
import type { Io } from '../io.js';
import type { Paint } from '../render.js';
import { age, done, field, frame, plain } from '../render.js';
import { confirmAndCall, forceOption } from './confirmation.js';
import { agentTree, statusCell } from './agent-tree.js';
import { callAndShow, ctlOptions } from './daemon-call.js';
import { AGENT_ID, tenantOptions } from './tenant-options.js';

export const agentRegister = defineCommand({
  positionals: [AGENT_ID],
  examples: [
    ['$0 --mssp mssp_yourcompany --customer cust_acme --version 0.10.0 agent_prod_001', 'or configures one that is registered already'],
    ['$0 agent_prod_001 --integration langchain', 'for the daemon\'s own customer'],
  ],
  build: (parser) => ctlOptions(tenantOptions(parser)
    .option('version', { type: 'string', requiresArg: true, describe: 'The agent\'s version' })
    .option('platform', { type: 'string', requiresArg: true, default: process.platform, describe: 'Where it runs' })
    .option('integration', { type: 'string', requiresArg: true, describe: 'What it is built into, such as langchain' })),
  async run(args, io, [id]) {
    const { mssp, customer, version, platform, integration } = args;
    await callAndShow({
      method: 'agent.register', params: { id, mssp, customer, version, platform, integration },
      render: (agent, style) => done(`Registered agent '${plain(field(agent, 'agent_id'))}'`, [
        ['MSSP', plain(field(agent, 'mssp_id'))], ['Customer', plain(field(agent, 'customer_id'))],
        ['Version', plain(field(agent, 'version'))], ['Platform', plain(field(agent, 'platform'))], ['Status', plain(field(agent, 'status'))],
      ], style),
    }, args, io);
    return 0;
  },
});

export const agentList = defineCommand({
  examples: [['$0', 'all agents'], ['$0 --mssp mssp_yourcompany --customer cust_acme --json', 'those of one customer, for a script']],
  build: (parser) => ctlOptions(tenantOptions(parser)),
  async run(args, io) {
    await callAndShow({
      method: 'agent.list', params: { mssp: args.mssp, customer: args.customer },
      render: (answer, style) => agentTree(answer, io.now(), style),
    }, args, io);
    return 0;
  },
});

export const agentStatus = defineCommand({
  positionals: [AGENT_ID],
  examples: [['$0 --mssp mssp_yourcompany --customer cust_acme agent_prod_001', 'one agent']],
  build: (parser) => ctlOptions(tenantOptions(parser)),
  async run(args, io, [id]) {
    await callAndShow({
      method: 'agent.status', params: { id, mssp: args.mssp, customer: args.customer },
      render: (agent, style) => renderStatus(agent, io, style),
    }, args, io);
    return 0;
  },
});

export const agentHeartbeat = defineCommand({
  positionals: [AGENT_ID],
  examples: [['$0 agent_prod_001', 'the agent lives'], ['$0 agent_prod_001 --mssp mssp_yourcompany --customer cust_acme --scans 120 --threats 3', 'and this is what it has done since the last one']],
  build: (parser) => ctlOptions(tenantOptions(parser)
    .option('scans', { type: 'number', requiresArg: true, describe: 'Scans since the last heartbeat' })
    .option('threats', { type: 'number', requiresArg: true, describe: 'Threats since the last heartbeat' })
    .option('uptime-seconds', { type: 'number', requiresArg: true, describe: 'How long it has been running' })
    .option('status', { choices: ['online', 'stopping'] as const, requiresArg: true, describe: 'stopping: it says goodbye (online)' })),
  async run(args, io, [id]) {
    await callAndShow({
      method: 'agent.heartbeat',
      params: { id, mssp: args.mssp, customer: args.customer, scans: args.scans, threats: args.threats, uptime_seconds: args.uptimeSeconds, status: args.status },
      render: (agent, style) => done(`Heartbeat sent for '${plain(field(agent, 'agent_id'))}'`, [
        ['Status', plain(field(agent, 'status'))], ['Uptime', seconds(field(agent, 'uptime_seconds'))],
      ], style),
    }, args, io);
    return 0;
  },
});

export const agentUnregister = defineCommand({
  positionals: [AGENT_ID],
  examples: [['$0 agent_prod_001', 'asks, and forgets it'], ['$0 agent_prod_001 --mssp mssp_yourcompany --customer cust_acme --force', 'where several have this id; does not ask']],
  build: (parser) => ctlOptions(forceOption(tenantOptions(parser))),
  async run(args, io, [id]) {
    const params = { id, mssp: args.mssp, customer: args.customer };
    await confirmAndCall({
      verb: 'Unregister', kind: 'agent', id,
      preview: { method: 'agent.status', params },
      method: 'agent.unregister', params,
      render: (agent, style) => done(`Unregistered agent '${plain(field(agent, 'agent_id'))}'`, [['MSSP', plain(field(agent, 'mssp_id'))], ['Customer', plain(field(agent, 'customer_id'))]], style),
    }, args, io);
    return 0;
  },
});

function renderStatus(agent: object, io: Pick<Io, 'now'>, style: Paint): string {
  const beat = field(agent, 'last_heartbeat');
  return frame(`Agent Status: ${plain(field(agent, 'agent_id'))}`, [
    ['Agent ID', `${plain(field(agent, 'agent_id'))}${field(agent, 'self') === true ? ' (this daemon)' : ''}`],
    ['Status', statusCell(field(agent, 'status'), style)],
    ['MSSP', plain(field(agent, 'mssp_id'))],
    ['Customer', plain(field(agent, 'customer_id'))],
    ['Version', plain(field(agent, 'version'))],
    ['Platform', plain(field(agent, 'platform'))],
    ['Integration', plain(field(agent, 'integration'))],
    ['First Seen', plain(field(agent, 'first_seen'))],
    ['Last Heartbeat', `${plain(beat)} (${age(beat, io.now())})`],
    ['Uptime', seconds(field(agent, 'uptime_seconds'))],
    ['Total Scans', plain(field(agent, 'total_scans'))],
    ['Total Threats', plain(field(agent, 'total_threats'))],
  ], style);
}

/** As the guide writes it, for people and scripts alike: `5400s`. */
function seconds(value: unknown): string {
  return typeof value === 'number' ? `${Math.floor(value)}s` : '–';
}
