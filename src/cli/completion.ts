import { callOnce } from '../client/connection.js';
import type { Command, Values } from './command.js';
import type { Option, Options } from './command-line.js';
import { lookUp, optionsOf, parserFor, spell } from './command-line.js';
import { connectionOptions } from './ctl/daemon-call.js';
import type { Io } from './io.js';
import { written } from './io.js';
import { field, list } from './render.js';
import { follow, VALUE_OPTIONS } from './tree.js';

/** Somebody waits at a prompt. */
const DAEMON_TIMEOUT_MS = 400;
/** What the shells' scripts take for "complete a path here". */
const PATH = ':path';
/** Of what the daemon answers only such is printed: a shell inserts it as it is. */
const ID = /^[A-Za-z0-9][A-Za-z0-9_-]*$/;
/** What stands in an option of this name, unless the command says something else. */
const VALUES_BY_NAME: Readonly<Record<string, Values>> = { mssp: 'mssp', customer: 'customer', agent: 'agent', socket: 'path', config: 'path', file: 'path', jsonl: 'path', folder: 'path', output: 'path' };

/**
 * What a shell's completion asks: prints what may stand in the place of the last of `words` (those after `raxed` up to the
 * cursor), a candidate a line, or `:path`. Where there is nothing to say it says nothing; always 0.
 */
export async function answerShell(words: readonly string[], io: Io): Promise<number> {
  const candidates = await complete(words, io).catch(() => []);
  if (candidates.length > 0) await written(io.stdout, `${candidates.join('\n')}\n`);
  return 0;
}

async function complete(words: readonly string[], io: Io): Promise<readonly string[]> {
  const joined = joinSplit(words);
  const current = joined.at(-1) ?? '';
  const { node, path, rest, unknown } = follow(joined.slice(0, -1));
  if (unknown !== undefined) return [];
  if ('commands' in node) {
    if (VALUE_OPTIONS.has(rest.at(-1) ?? '')) return rest.at(-1) === '--socket' ? [PATH] : [];
    return startingWith(current, current.startsWith('-') ? ['--help', ...(path.length === 0 ? ['--version'] : [])] : Object.keys(node.commands));
  }
  const command = await node.load();
  const options = optionsOf(command.build(parserFor('raxed', io)));
  const line = readLine(rest, options);
  const valuesFor = (values: Values | undefined, prefix: string): Promise<readonly string[]> => candidatesOf(values, { line, prefix, io });
  const optionValues = (option: Option, prefix: string): Promise<readonly string[]> => valuesFor(option.choices ?? valuesOf(option, command), prefix);

  if (line.pending !== undefined) return optionValues(line.pending, current);
  const spelled = line.ended ? undefined : spell(current);
  if (spelled?.value !== undefined) {
    const option = lookUp(spelled.name, options);
    const found = option?.takesValue === true ? await optionValues(option, spelled.value) : [];
    // Bash has split the word and inserts after the `=`; zsh replaces all of it.
    return words.at(-1) === current ? found.map((value) => (value === PATH ? value : `--${spelled.name}=${value}`)) : found;
  }
  const open = [...new Set(options.values())].filter(({ name }) => !line.given.has(name));
  if (current.startsWith('-') && !line.ended) return startingWith(current, open.map(({ name }) => `--${name}`));
  const positional = command.positionals[line.words.length] ?? (command.positionals.at(-1)?.many === true ? command.positionals.at(-1) : undefined);
  const found = await valuesFor(positional?.values, current);
  if (found.length > 0 || current !== '' || line.ended) return found;
  const required = open.filter((option) => option.required);
  return (required.length > 0 ? required : positional === undefined ? open : []).map(({ name }) => `--${name}`);
}

/** Bash takes `=` for the end of a word: `--mssp=a` comes as `--mssp`, `=`, `a`. */
function joinSplit(words: readonly string[]): string[] {
  const joined: string[] = [];
  for (const word of words) {
    const last = joined.at(-1);
    if (last !== undefined && /^--[a-z-]+=?$/.test(last) && (word === '=' || last.endsWith('='))) joined[joined.length - 1] = last + word;
    else joined.push(word);
  }
  return joined;
}

/** What stands before the word that is completed. */
interface Line {
  /** By the option's name; flags have no value. */
  readonly given: ReadonlyMap<string, string | undefined>;
  readonly words: readonly string[];
  /** An option that waits for its value. */
  readonly pending: Option | undefined;
  /** After `--`. */
  readonly ended: boolean;
}

function readLine(rest: readonly string[], options: Options): Line {
  const given = new Map<string, string | undefined>();
  const words: string[] = [];
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i] ?? '';
    if (word === '--') return { given, words: [...words, ...rest.slice(i + 1)], pending: undefined, ended: true };
    const spelled = spell(word);
    const option = spelled === undefined ? undefined : lookUp(spelled.name, options);
    if (spelled === undefined || option === undefined) { words.push(word); continue; }
    if (option.takesValue && spelled.value === undefined && i + 1 === rest.length) return { given, words, pending: option, ended: false };
    given.set(option.name, option.takesValue ? spelled.value ?? rest[++i] : undefined);
  }
  return { given, words, pending: undefined, ended: false };
}

function valuesOf({ name }: Option, command: Command): Values | undefined {
  return command.values[name] ?? VALUES_BY_NAME[name] ?? (/-(?:file|dir)$/.test(name) ? 'path' : undefined);
}

async function candidatesOf(values: Values | undefined, { line, prefix, io }: { readonly line: Line; readonly prefix: string; readonly io: Io }): Promise<readonly string[]> {
  if (values === undefined) return [];
  if (values === 'path') return [PATH];
  return startingWith(prefix, typeof values === 'string' ? await idsOf(values, line, io).catch(() => []) : values);
}

/** The ids that the running daemon knows. */
async function idsOf(kind: 'mssp' | 'customer' | 'agent' | 'siem', { given, words }: Line, io: Io): Promise<readonly string[]> {
  const connection = connectionOptions({ socket: given.get('socket'), json: undefined, timeout: DAEMON_TIMEOUT_MS }, io);
  const mssp = given.get('mssp');
  switch (kind) {
    case 'mssp': return textsOf(await callOnce('mssp.list', {}, connection), 'mssps', 'id');
    case 'customer': return mssp === undefined ? [] : textsOf(await callOnce('customer.list', { mssp }, connection), 'customers', 'id');
    case 'agent': return textsOf(await callOnce('agent.list', { mssp, customer: given.get('customer') }, connection), 'agents', 'agent_id');
    case 'siem': return mssp === undefined || words[0] === undefined ? [] : textsOf(await callOnce('customer.show', { mssp, id: words[0] }, connection), 'siem', 'name');
  }
}

function textsOf(answer: object, listed: string, key: string): string[] {
  return list(field(answer, listed)).map((entry) => field(entry, key)).filter((value) => typeof value === 'string').filter((value) => ID.test(value));
}

function startingWith(prefix: string, candidates: readonly string[]): string[] {
  return [...new Set(candidates)].filter((candidate) => candidate.startsWith(prefix)).sort();
}
