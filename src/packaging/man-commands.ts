import { ERROR_CODES } from '../errors.js';
import type { CommandReference, OptionReference } from './command-reference.js';
import type { Block, PageTitle } from './roff.js';
import { manualPage } from './roff.js';

const FILES: readonly (readonly [path: string, what: string])[] = [
  ['/etc/raxed/config.json', 'The configuration, raxed-config(5). The daemon takes changes up by itself.'],
  ['/var/lib/raxed', 'The spool, the audit log, and what was made with raxed ctl.'],
  ['/run/raxed/control.sock', 'For raxed ctl: root and the user raxed.'],
  ['/run/raxed/scan.sock', 'For applications: members of the group raxed.'],
  ['/usr/share/doc/raxed/prometheus-rules.yaml', 'Alerts for Prometheus.'],
  ['~/.config/raxed, ~/.local/state/raxed', 'The same for a daemon that a person starts.'],
];

const ENVIRONMENT: readonly (readonly [name: string, what: string])[] = [
  ['RAXED_CONFIG', 'The configuration file; --config wins.'],
  ['RAXED_STATE_DIR', 'The folder of all state; wins over state_dir.'],
  ['RAXED_SOCKET', 'The control socket; --socket wins.'],
  ['RAXE_MSSP_DIR', 'The folder of what was made with raxed ctl.'],
  ['RAXE_SKIP_SSL_VERIFY', 'true: receivers\' certificates are not checked. For tests only.'],
  ['HTTPS_PROXY, NO_PROXY', 'The proxy for what goes out, and what goes without.'],
  ['NO_COLOR', 'No colours.'],
  ['RAXED_DEBUG', 'Anything: an unexpected error is shown with its stack.'],
];

const EXITS: readonly (readonly [code: number, what: string])[] = [
  [0, 'Done; for a scan: clean.'],
  [1, 'A scan found a threat.'],
  [2, 'The command line or a request is wrong.'],
  [3, 'The configuration is wrong, or there is no such thing.'],
  [4, 'The operation failed.'],
  [5, 'The daemon cannot be reached.'],
];

/** How many commands must have the same option for it to be told once for all. */
const COMMON = 20;

/** raxed(1): every command with its options and examples; files, environment, exit and error codes. */
export function commandsPage(commands: readonly CommandReference[], title: PageTitle): string {
  const told = commands.flatMap(({ options }) => options.map(optionText));
  const common = commands.flatMap(({ options }) => options).filter((option, index, all) => (
    told.filter((text) => text === optionText(option)).length >= COMMON && all.findIndex((other) => optionText(other) === optionText(option)) === index
  ));
  const shared = new Set(common.map(optionText));
  return manualPage(title, [
    { heading: 'SYNOPSIS' },
    { text: 'raxed COMMAND [OPTION]... [WORD]...' },
    { text: 'raxed COMMAND --help' },
    { heading: 'DESCRIPTION' },
    { text: 'raxed is an agent on the customer\'s premises. Applications ask it over a unix socket about what goes to and comes from a language model. It judges the texts here, keeps every threat durably, and delivers it to the security provider\'s SOC and to the customer\'s SIEMs.' },
    { text: 'The service raxed.service runs the daemon: systemctl status raxed says whether it is up, journalctl -u raxed what it says. The commands below raxed ctl talk to it and need root.' },
    { heading: 'COMMON OPTIONS' },
    ...common.map(optionBlock),
    { term: '-h, --help', text: 'Show the command\'s options.' },
    { term: '--version', text: 'Show the version (raxed alone).' },
    { heading: 'COMMANDS' },
    ...commands.flatMap((command) => commandBlocks(command, shared)),
    { heading: 'FILES' },
    ...FILES.map(([term, text]) => ({ term, text })),
    { heading: 'ENVIRONMENT' },
    ...ENVIRONMENT.map(([term, text]) => ({ term, text })),
    { heading: 'EXIT STATUS' },
    ...EXITS.map(([code, text]) => ({ term: String(code), text })),
    { heading: 'ERROR CODES' },
    { text: 'Errors go to standard error as raxed: CODE: MESSAGE. ADVICE. In parentheses is the exit status.' },
    ...Object.entries(ERROR_CODES).map(([code, { exit, advice }]) => ({ term: code, text: `(${exit}) ${advice.replaceAll('`', '')}` })),
    { heading: 'SEE ALSO' },
    { text: 'raxed-config(5), systemctl(1), journalctl(1). /usr/share/doc/raxed/README.md.gz tells the rest.' },
  ]);
}

function commandBlocks({ name, aliases, describe, positionals, options, examples }: CommandReference, shared: ReadonlySet<string>): Block[] {
  const own = options.filter((option) => !shared.has(optionText(option)));
  const words = positionals.map((word) => {
    const many = word.many === true ? `${word.name.toUpperCase()}...` : word.name.toUpperCase();
    return word.required ? many : `[${many}]`;
  });
  return [
    { subheading: [name, ...words].join(' ') },
    { text: `${describe}.${aliases.length === 0 ? '' : ` Also: ${aliases.join(', ')}.`}` },
    ...positionals.map((word) => ({ term: word.name.toUpperCase(), text: `${word.describe}.` })),
    ...own.map(optionBlock),
    ...examples.flatMap(([line, what]): Block[] => [{ text: `${what}:` }, { code: line.replaceAll('$0', name) }]),
  ];
}

function optionBlock(option: OptionReference): Block {
  const { describe, required, byDefault } = option;
  const notes = [...(required ? ['required'] : []), ...(byDefault === undefined ? [] : [`default ${String(byDefault)}`])];
  return { term: optionTerm(option), text: `${describe}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}.` };
}

function optionTerm({ names, value }: OptionReference): string {
  return `${names.join(', ')}${value === undefined ? '' : ` ${value}`}`;
}

function optionText(option: OptionReference): string {
  return JSON.stringify(option);
}
