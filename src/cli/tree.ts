import type { Command } from './command.js';

/** A command by name; its module is loaded only when it is wanted. */
export interface Leaf {
  readonly describe: string;
  load(): Promise<Command>;
}

export interface Group {
  readonly describe: string;
  readonly commands: Readonly<Record<string, Leaf | Group>>;
}

const local = () => import('./local-commands.js');
const mssps = () => import('./ctl/mssp.js');
const customers = () => import('./ctl/customer.js');
const siems = () => import('./ctl/siem.js');
const audits = () => import('./ctl/audit.js');
const agents = () => import('./ctl/agent.js');
const spool = () => import('./ctl/spool.js');
const spoolFiles = () => import('./spool.js');

const MSSP: Group = {
  describe: 'The security providers',
  commands: {
    create: { describe: 'Create an MSSP', load: async () => (await mssps()).msspCreate },
    configure: { describe: 'Change what is named, and nothing else', load: async () => (await mssps()).msspConfigure },
    list: { describe: 'All MSSPs', load: async () => (await mssps()).msspList },
    show: { describe: 'One MSSP', load: async () => (await mssps()).msspShow },
    'test-webhook': { describe: 'Send a test event to its webhook now', load: async () => (await mssps()).msspTestWebhook },
    'rotate-secret': { describe: 'Give its webhook a new secret; the old one signs too for a while', load: async () => (await mssps()).msspRotateSecret },
    delete: { describe: 'Delete an MSSP, its customers and what waits for them', load: async () => (await mssps()).msspDelete },
  },
};

const CUSTOMER: Group = {
  describe: 'The companies that an MSSP protects',
  commands: {
    create: { describe: 'Create a customer', load: async () => (await customers()).customerCreate },
    configure: { describe: 'Change what is named, and nothing else', load: async () => (await customers()).customerConfigure },
    list: { describe: 'The customers of an MSSP', load: async () => (await customers()).customerList },
    show: { describe: 'One customer', load: async () => (await customers()).customerShow },
    delete: { describe: 'Delete a customer and what waits for it', load: async () => (await customers()).customerDelete },
    siem: {
      describe: 'The customer\'s own SIEMs, beside the MSSP\'s webhook',
      commands: {
        configure: { describe: 'Deliver to a SIEM too', load: async () => (await siems()).siemConfigure },
        show: { describe: 'The SIEMs of a customer', load: async () => (await siems()).siemShow },
        test: { describe: 'Send a test event to the SIEMs now', load: async () => (await siems()).siemTest },
        disable: { describe: 'Deliver to a SIEM no longer', load: async () => (await siems()).siemDisable },
      },
    },
  },
};

const AGENT: Group = {
  describe: 'The deployments that report from the customers\' sites',
  commands: {
    register: { describe: 'Register an agent', load: async () => (await agents()).agentRegister },
    list: { describe: 'All agents, by MSSP and customer', load: async () => (await agents()).agentList },
    status: { describe: 'One agent', load: async () => (await agents()).agentStatus },
    heartbeat: { describe: 'Send a heartbeat in an agent\'s name', load: async () => (await agents()).agentHeartbeat },
    unregister: { describe: 'Forget an agent', load: async () => (await agents()).agentUnregister },
  },
};

const AUDIT: Group = {
  describe: 'What became of every event',
  commands: {
    stats: { describe: 'How many deliveries succeeded and failed', load: async () => (await audits()).auditStats },
    recent: { describe: 'The newest records', load: async () => (await audits()).auditRecent },
    verify: { describe: 'Whether a line was changed, removed or moved', load: async () => (await audits()).auditVerify },
    cleanup: { describe: 'Remove what is older than its retention', load: async () => (await audits()).auditCleanup },
  },
};

const SPOOL: Group = {
  describe: 'What waits on the disk, and what was refused for good',
  commands: {
    status: { describe: 'What waits, for whom, and since when', load: async () => (await spool()).spoolStatus },
    dead: {
      describe: 'Events that a destination refused for good',
      commands: {
        list: { describe: 'The newest, by destination, reason or time', load: async () => (await spool()).deadList },
        show: { describe: 'One, with its reason', load: async () => (await spool()).deadShow },
        replay: { describe: 'Send them again', load: async () => (await spool()).deadReplay },
        purge: { describe: 'Delete them', load: async () => (await spool()).deadPurge },
      },
    },
  },
};

const CTL: Group = {
  describe: 'Talk to the running daemon',
  commands: {
    status: { describe: 'What runs, what waits, what is wrong', load: async () => (await import('./ctl/status.js')).command },
    scan: { describe: 'Scan through the daemon', load: async () => (await import('./ctl/scan.js')).command },
    top: { describe: 'What runs and what waits, as it changes', load: async () => (await import('./ctl/top.js')).command },
    tail: { describe: 'Show events as they happen', load: async () => (await import('./ctl/tail.js')).command },
    reload: { describe: 'Read the configuration again', load: async () => (await import('./ctl/system.js')).reload },
    health: { describe: 'Whether the daemon answers and its data path moves', load: async () => (await import('./ctl/system.js')).health },
    bundle: { describe: 'One archive for support: status, configuration, log; no text, no secret', load: async () => (await import('./ctl/bundle.js')).command },
    mssp: MSSP,
    customer: CUSTOMER,
    agent: AGENT,
    spool: SPOOL,
    audit: AUDIT,
    rules: { describe: 'The rules of the running daemon', commands: {
      list: { describe: 'All rules, and how often each fired', load: async () => (await import('./ctl/rules.js')).rulesList },
      suppress: { describe: 'Report a rule no more', load: async () => (await import('./ctl/rules.js')).rulesSuppress },
      unsuppress: { describe: 'Report it again', load: async () => (await import('./ctl/rules.js')).rulesUnsuppress },
      suppressions: { describe: 'What is not reported, for whom, why, and until when', load: async () => (await import('./ctl/rules.js')).rulesSuppressions },
    } },
  },
};

export const ROOT: Group = {
  describe: 'Scan what applications say to language models, and deliver every threat to the SOC',
  commands: {
    run: { describe: 'The daemon, in the foreground', load: async () => (await local()).run },
    demo: { describe: 'A daemon, a SOC receiver and sample scans; nothing leaves the machine', load: async () => (await local()).demo },
    scan: { describe: 'Scan in this process, without a daemon', load: async () => (await local()).scan },
    doctor: { describe: 'What is wrong on this machine, and what to do', load: async () => (await import('./doctor.js')).doctor },
    receiver: { describe: 'A SOC test receiver', load: async () => (await local()).receiver },
    config: {
      describe: 'The configuration file',
      commands: {
        init: { describe: 'Write a first one', load: async () => (await local()).configInit },
        check: { describe: 'Say what is wrong with it', load: async () => (await local()).configCheck },
        show: { describe: 'The effective configuration', load: async () => (await local()).configShow },
      },
    },
    rules: {
      describe: 'Rules, without a daemon',
      commands: {
        list: { describe: 'The built-in rules', load: async () => (await local()).rulesList },
        check: { describe: 'Say what is wrong with rules of your own', load: async () => (await local()).rulesCheck },
        test: { describe: 'Whether one rule matches a text', load: async () => (await local()).rulesTest },
      },
    },
    ctl: CTL,
    mssp: MSSP,
    customer: CUSTOMER,
    agent: AGENT,
    spool: {
      ...SPOOL,
      commands: {
        ...SPOOL.commands,
        check: { describe: 'Read every file of a spool, without a daemon or beside it', load: async () => (await spoolFiles()).spoolCheck },
        repair: { describe: 'Mend a damaged spool, without a daemon', load: async () => (await spoolFiles()).spoolRepair },
        export: { describe: 'Events from the disk, one JSON object a line', load: async () => (await spoolFiles()).spoolExport },
      },
    },
    audit: AUDIT,
    completion: { describe: 'Completion of commands, options and ids for your shell', load: async () => (await local()).completion },
  },
};

/** Options that may stand before a command's name and take a value of their own. */
export const VALUE_OPTIONS: ReadonlySet<string> = new Set(['--socket', '--timeout']);

export interface Place {
  readonly node: Leaf | Group;
  readonly path: readonly string[];
  /** The command's own arguments, and options that stood before its name. */
  readonly rest: readonly string[];
  /** A word that the group at `path` does not know. */
  readonly unknown?: string;
}

/** Follows the words of a command line down the tree. */
export function follow(words: readonly string[]): Place {
  let node: Leaf | Group = ROOT;
  const path: string[] = [];
  const rest: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    if (!('commands' in node) || word === '--') { rest.push(...words.slice(i)); break; }
    if (word.startsWith('-')) {
      rest.push(word);
      if (VALUE_OPTIONS.has(word) && i + 1 < words.length) rest.push(words[++i] ?? '');
      continue;
    }
    const next: Leaf | Group | undefined = Object.hasOwn(node.commands, word) ? node.commands[word] : undefined;
    if (next === undefined) return { node, path, rest, unknown: word };
    node = next;
    path.push(word);
  }
  return { node, path, rest };
}
