import type { Argv } from 'yargs';
import { ERROR_CODES, RaxedError } from '../errors.js';
import { nearest } from '../nearest.js';
import type { Command } from './command.js';
import { bindValues, HELP_WIDTH, optionsOf, parserFor } from './command-line.js';
import type { Io } from './io.js';
import { processIo, written } from './io.js';
import { plain } from './render.js';
import type { Group, Leaf, Place } from './tree.js';
import { follow } from './tree.js';

/** What a shell's completion asks (`completion.ts`); not in the tree, and not for people. */
const COMPLETE = '__complete';

/** Runs one command line; resolves with the exit code, having said on `io.stderr` what went wrong. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  if (argv[0] === COMPLETE) return (await import('./completion.js')).answerShell(argv.slice(1), io);
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

function find(argv: readonly string[]): Place {
  const place = follow(argv);
  if (place.unknown === undefined || !('commands' in place.node)) return place;
  const hint = nearest(place.unknown, Object.keys(place.node.commands));
  throw new RaxedError('USAGE', `${['raxed', ...place.path].join(' ')} has no such command${hint === undefined ? '' : `; did you mean ${hint}?`}`);
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
    await written(io.stdout, `${await helpOf(command, leaf.describe, parserFor(name, io)).getHelp()}\n${examplesOf(command, name)}`);
    return 0;
  }
  // Only options: yargs would take a positional that begins with a dash for one. And it renders the help of a
  // declared command at each run, which costs more than all the rest.
  const parser = command.build(parserFor(name, io)).strictOptions().fail((message, error) => { throw usageError(message, error); });
  const args = await parser.parseAsync(bindValues(rest, optionsOf(parser)));
  return command.run(args, io, wordsOf(command, args._.map(String)));
}

function helpOf(command: Command, describe: string, parser: Argv): Argv {
  const pattern = command.positionals.map(({ name, required, many }) => {
    const inner = many === true ? `${name}..` : name;
    return required ? ` <${inner}>` : ` [${inner}]`;
  });
  return parser.command(`$0${pattern.join('')}`, describe, (inner) => {
    for (const { name, describe: what } of command.positionals) inner.positional(name, { type: 'string', describe: what });
    return command.build(inner);
  });
}

/** Not by yargs, which would wrap a command line in the middle of what is to be copied. */
function examplesOf({ examples }: Command, name: string): string {
  if (examples.length === 0) return '';
  return `\nExamples:\n${examples.map(([line, what]) => `  ${folded(line.replaceAll('$0', name))}\n      ${what}\n`).join('')}`;
}

/** A long command line over several, as a shell reads them. */
function folded(line: string): string {
  const [first = '', ...parts] = line.split(/ (?=--\w)/);
  let width = first.length;
  return first + parts.map((part) => {
    const fits = width + part.length < HELP_WIDTH - 5;
    width = fits ? width + part.length + 1 : part.length + 4;
    return fits ? ` ${part}` : ` \\\n    ${part}`;
  }).join('');
}

/** The words of a command line, if they are as many as the command takes. */
function wordsOf({ positionals }: Command, words: readonly string[]): readonly string[] {
  const missing = positionals.find(({ required }, index) => required && index >= words.length);
  if (missing !== undefined) throw new RaxedError('USAGE', `give <${missing.name}>: ${lowerFirst(missing.describe)}`);
  if (words.length > positionals.length && positionals.at(-1)?.many !== true) throw new RaxedError('USAGE', 'there are more words than the command takes: put a text with spaces in quotes');
  return words;
}

function wants(rest: readonly string[], names: readonly string[]): boolean {
  const end = rest.indexOf('--');
  return (end === -1 ? rest : rest.slice(0, end)).some((word) => names.includes(word));
}

function usageError(message: string | null, error: Error | undefined): Error {
  if (error instanceof RaxedError) return error;
  const text = message ?? error?.message ?? 'the command line is not understood';
  const missing = /^Missing required arguments?: (.+)$/.exec(text)?.[1];
  if (missing !== undefined) return new RaxedError('USAGE', `give ${missing.split(', ').map((name) => `--${name}`).join(' and ')}`);
  return new RaxedError('USAGE', lowerFirst(text));
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
