import yargs from 'yargs';
import type { Argv } from 'yargs';
import { ERROR_CODES, RaxedError } from '../errors.js';
import { nearest } from '../nearest.js';
import type { Command } from './command.js';
import type { Io } from './io.js';
import { processIo, written } from './io.js';
import { plain } from './render.js';

/** A command by name; its module is loaded only when it is wanted. */
interface Leaf {
  readonly describe: string;
  load(): Promise<Command>;
}

interface Group {
  readonly describe: string;
  readonly commands: Readonly<Record<string, Leaf | Group>>;
}

const local = () => import('./local-commands.js');
const mssps = () => import('./ctl/mssp.js');
const customers = () => import('./ctl/customer.js');

const MSSP: Group = {
  describe: 'The security providers',
  commands: {
    list: { describe: 'All MSSPs', load: async () => (await mssps()).msspList },
    show: { describe: 'One MSSP', load: async () => (await mssps()).msspShow },
    'test-webhook': { describe: 'Send a test event to its webhook now', load: async () => (await mssps()).msspTestWebhook },
  },
};

const CUSTOMER: Group = {
  describe: 'The companies that an MSSP protects',
  commands: {
    list: { describe: 'The customers of an MSSP', load: async () => (await customers()).customerList },
    show: { describe: 'One customer', load: async () => (await customers()).customerShow },
  },
};

const CTL: Group = {
  describe: 'Talk to the running daemon',
  commands: {
    status: { describe: 'What runs, what waits, what is wrong', load: async () => (await import('./ctl/status.js')).command },
    scan: { describe: 'Scan through the daemon', load: async () => (await import('./ctl/scan.js')).command },
    tail: { describe: 'Show events as they happen', load: async () => (await import('./ctl/tail.js')).command },
    reload: { describe: 'Read the configuration again', load: async () => (await import('./ctl/system.js')).reload },
    health: { describe: 'Whether the daemon answers and its data path moves', load: async () => (await import('./ctl/system.js')).health },
    mssp: MSSP,
    customer: CUSTOMER,
    rules: { describe: 'The rules of the running daemon', commands: { list: { describe: 'All rules', load: async () => (await import('./ctl/rules.js')).rulesList } } },
  },
};

const ROOT: Group = {
  describe: 'Scan what applications say to language models, and deliver every threat to the SOC',
  commands: {
    run: { describe: 'The daemon, in the foreground', load: async () => (await local()).run },
    demo: { describe: 'A daemon, a SOC receiver and sample scans; nothing leaves the machine', load: async () => (await local()).demo },
    scan: { describe: 'Scan in this process, without a daemon', load: async () => (await local()).scan },
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
  },
};

/** Options that may stand before a command's name and take a value of their own. */
const VALUE_OPTIONS = new Set(['--socket', '--timeout']);

/** Runs one command line; resolves with the exit code, having said on `io.stderr` what went wrong. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  try {
    const { node, path, rest } = find(argv);
    if (wants(rest, ['--version']) && path.length === 0) {
      const { VERSION } = await import('../version.js');
      await written(io.stdout, `${VERSION}\n`);
      return 0;
    }
    if ('commands' in node) return await showGroup(node, path, rest, io);
    return await runCommand(node, path, rest, io);
  } catch (error) {
    return report(error, argv, io);
  }
}

/** What `bin/raxed.js` calls. */
export async function start(): Promise<void> {
  const io = processIo();
  // A reader that has gone (`raxed … | head`) is seen where something is written.
  for (const output of [io.stdout, io.stderr]) output.on('error', () => undefined);
  process.exitCode = await main(process.argv.slice(2), io);
}

/** Follows the words of a command line down the tree; what is left are the command's own arguments. */
function find(argv: readonly string[]): { node: Leaf | Group; path: string[]; rest: string[] } {
  let node: Leaf | Group = ROOT;
  const path: string[] = [];
  const rest: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    if (!('commands' in node) || word === '--') { rest.push(...argv.slice(i)); break; }
    if (word.startsWith('-')) {
      rest.push(word);
      if (VALUE_OPTIONS.has(word) && i + 1 < argv.length) rest.push(argv[++i] ?? '');
      continue;
    }
    const next: Leaf | Group | undefined = Object.hasOwn(node.commands, word) ? node.commands[word] : undefined;
    if (next === undefined) {
      const hint = nearest(word, Object.keys(node.commands));
      throw new RaxedError('USAGE', `${['raxed', ...path].join(' ')} has no such command${hint === undefined ? '' : `; did you mean ${hint}?`}`);
    }
    node = next;
    path.push(word);
  }
  return { node, path, rest };
}

async function showGroup(group: Group, path: readonly string[], rest: readonly string[], io: Io): Promise<number> {
  const name = ['raxed', ...path].join(' ');
  const asked = wants(rest, ['--help', '-h']);
  if (!asked && (path.length > 0 || rest.length > 0)) throw new RaxedError('USAGE', `${name} needs a command: ${Object.keys(group.commands).join(', ')}`);
  const parser = parserFor(name, io).usage(`${group.describe}\n\nUsage: ${name} <command> [options]`).epilogue(`${name} <command> --help says more.`);
  for (const [word, { describe }] of Object.entries(group.commands)) parser.command(word, describe);
  await written(io.stdout, `${await parser.getHelp()}\n`);
  return 0;
}

async function runCommand(leaf: Leaf, path: readonly string[], rest: readonly string[], io: Io): Promise<number> {
  const command = await leaf.load();
  const name = ['raxed', ...path].join(' ');
  if (wants(rest, ['--help', '-h'])) {
    await written(io.stdout, `${await helpOf(command, leaf.describe, parserFor(name, io)).getHelp()}\n`);
    return 0;
  }
  // Only options: yargs would take a positional that begins with a dash for one. And it renders the help of a
  // declared command at each run, which costs more than all the rest.
  const parser = command.build(parserFor(name, io)).strictOptions().fail((message, error) => { throw usageError(message, error, rest); });
  const args = await parser.parseAsync([...rest]);
  return command.run(args, io, wordsOf(command, args._.map(String)));
}

function helpOf(command: Command, describe: string, parser: Argv): Argv {
  const pattern = command.positionals.map(({ name, required, many }) => {
    const inner = many === true ? `${name}..` : name;
    return required ? ` <${inner}>` : ` [${inner}]`;
  });
  for (const [line, what] of command.examples) parser.example(line, what);
  return parser.command(`$0${pattern.join('')}`, describe, (inner) => {
    for (const { name, describe: what } of command.positionals) inner.positional(name, { type: 'string', describe: what });
    return command.build(inner);
  });
}

/** The words of a command line, if they are as many as the command takes. */
function wordsOf({ positionals }: Command, words: readonly string[]): readonly string[] {
  const missing = positionals.find(({ required }, index) => required && index >= words.length);
  if (missing !== undefined) throw new RaxedError('USAGE', `give <${missing.name}>: ${lowerFirst(missing.describe)}`);
  if (words.length > positionals.length && positionals.at(-1)?.many !== true) throw new RaxedError('USAGE', 'there are more words than the command takes: put a text with spaces in quotes');
  return words;
}

function parserFor(name: string, io: Io): Argv {
  return yargs()
    .scriptName(name).locale('en').exitProcess(false).version(false).help(false)
    .option('help', { alias: 'h', type: 'boolean', describe: 'Show this' })
    .wrap(Math.min(110, io.stdout.columns ?? 110))
    .parserConfiguration({ 'duplicate-arguments-array': false, 'dot-notation': false, 'parse-positional-numbers': false });
}

function wants(rest: readonly string[], names: readonly string[]): boolean {
  const end = rest.indexOf('--');
  return (end === -1 ? rest : rest.slice(0, end)).some((word) => names.includes(word));
}

function usageError(message: string | null, error: Error | undefined, rest: readonly string[]): Error {
  if (error instanceof RaxedError) return error;
  const text = message ?? error?.message ?? 'the command line is not understood';
  const missing = /^Missing required arguments?: (.+)$/.exec(text)?.[1];
  if (missing !== undefined) return new RaxedError('USAGE', `give ${missing.split(', ').map((name) => `--${name}`).join(' and ')}`);
  if (!/^Unknown (?:arguments?|options?): /.test(text)) return new RaxedError('USAGE', lowerFirst(text));
  // The option is said as it was given, without its value.
  const option = rest.find((word) => /^-./.test(word) && text.includes(word.replace(/^-+/, '').split('=', 1)[0] ?? word));
  return new RaxedError('USAGE', `there is no option ${option?.split('=', 1)[0] ?? 'of this name'}; a text that begins with a dash goes after --`);
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Says what went wrong: one line on standard error, and with --json a document on standard output. The exit code. */
async function report(error: unknown, argv: readonly string[], io: Io): Promise<number> {
  const { code, message } = error instanceof RaxedError ? error : new RaxedError('INTERNAL', 'an unexpected error');
  // The exit code says it where nothing can be written.
  const say = (output: Io['stdout'], text: string): Promise<boolean> => written(output, text).catch(() => false);
  if (!(error instanceof RaxedError) && (io.env['RAXED_DEBUG'] ?? '') !== '') await say(io.stderr, `${error instanceof Error ? error.stack ?? error.name : 'no Error'}\n`);
  const { advice, exit } = ERROR_CODES[code];
  await say(io.stderr, `raxed: ${code}: ${plain(message).replace(/[.:;,?]+$/, '')}. ${advice}\n`);
  if (wants(argv, ['--json'])) await say(io.stdout, `${JSON.stringify({ error: { code, message } })}\n`);
  return exit;
}
