import yargs from 'yargs';
import type { Argv } from 'yargs';
import { RaxedError } from '../errors.js';
import { nearest } from '../nearest.js';
import type { Io } from './io.js';

/** One declared option, as far as it decides how words are read. */
export interface Option {
  /** Without dashes. */
  readonly name: string;
  readonly takesValue: boolean;
  readonly isNumber: boolean;
  readonly choices: readonly string[] | undefined;
  readonly required: boolean;
}

/** The options of a command by each of their spellings, without dashes. */
export type Options = ReadonlyMap<string, Option>;

/** What yargs keeps of `.option(…)`; its published types leave `getOptions` out. */
export interface Declared {
  readonly key: Readonly<Record<string, unknown>>;
  readonly alias: Readonly<Record<string, readonly string[]>>;
  readonly narg: Readonly<Record<string, unknown>>;
  readonly number: readonly string[];
  readonly choices: Readonly<Record<string, readonly string[]>>;
  readonly demandedOptions: Readonly<Record<string, unknown>>;
}

export const HELP_WIDTH = 110;

/** A parser that knows `--help` and nothing else yet. */
export function parserFor(name: string, io: Pick<Io, 'stdout'>): Argv {
  return yargs()
    .scriptName(name).locale('en').exitProcess(false).version(false).help(false)
    .option('help', { alias: 'h', type: 'boolean', describe: 'Show this' })
    .wrap(Math.min(HELP_WIDTH, io.stdout.columns ?? HELP_WIDTH))
    .parserConfiguration({ 'duplicate-arguments-array': false, 'dot-notation': false, 'parse-positional-numbers': false });
}

/** What a parser has been told of options. */
export function optionsOf(parser: Argv): Options {
  const { key, alias, narg, number, choices, demandedOptions } = (parser as Argv & { getOptions(): Declared }).getOptions();
  const aliases = new Set(Object.values(alias).flat());
  const options = new Map<string, Option>();
  for (const name of Object.keys(key).filter((spelling) => !aliases.has(spelling))) {
    const option = { name, takesValue: Object.hasOwn(narg, name), isNumber: number.includes(name), choices: choices[name], required: Object.hasOwn(demandedOptions, name) };
    for (const spelling of [name, ...alias[name] ?? []]) options.set(spelling, option);
  }
  return options;
}

/**
 * Joins each option with its value (`--name=value`), whatever the value begins with, so that yargs takes it for nothing else.
 * Throws USAGE for an unknown option, a missing value, a number that is none and a word that is no choice. What was
 * given is never said: it may be a secret in the wrong place.
 */
export function bindValues(words: readonly string[], options: Options): string[] {
  const bound: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    if (word === '--') return [...bound, ...words.slice(i)];
    const spelled = spell(word);
    if (spelled === undefined) {
      if (/^-./.test(word)) throw new RaxedError('USAGE', 'there is no option of this name; a text that begins with a dash goes after --');
      bound.push(word);
      continue;
    }
    const option = lookUp(spelled.name, options);
    if (option === undefined) throw unknown(spelled.name, options);
    if (!option.takesValue) {
      if (spelled.value !== undefined && !/^(?:true|false)$/.test(spelled.value)) throw new RaxedError('USAGE', `--${option.name} takes no value`);
      bound.push(word);
      continue;
    }
    const next = words[i + 1];
    const value = spelled.value ?? next;
    if (value === undefined || (spelled.value === undefined && (next === '--' || isOption(next, options)))) throw new RaxedError('USAGE', `--${option.name} needs a value`);
    if (spelled.value === undefined) i++;
    checkValue(option, value);
    bound.push(`--${option.name}=${value}`);
  }
  return bound;
}

/** An option's name and the value joined to it; undefined for what does not look like an option. */
export function spell(word: string): { readonly name: string; readonly value: string | undefined } | undefined {
  const found = /^(?:--([a-z][a-z0-9-]*)|-([a-z]))(?:=([\s\S]*))?$/i.exec(word);
  return found === null ? undefined : { name: found[1] ?? found[2] ?? '', value: found[3] };
}

/** An option by a spelling of its name: an alias, `no-` before a flag, camel case. */
export function lookUp(name: string, options: Options): Option | undefined {
  const dashed = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const option = options.get(name) ?? options.get(dashed);
  if (option !== undefined) return option;
  const negated = options.get(dashed.replace(/^no-/, ''));
  return negated?.takesValue === false ? negated : undefined;
}

function isOption(word: string | undefined, options: Options): boolean {
  const spelled = word === undefined ? undefined : spell(word);
  return spelled !== undefined && lookUp(spelled.name, options) !== undefined;
}

function checkValue({ name, isNumber, choices }: Option, value: string): void {
  if (isNumber && !/^-?\d{1,15}(?:\.\d{1,15})?$/.test(value)) throw new RaxedError('USAGE', `--${name} takes a number`);
  if (choices !== undefined && !choices.includes(value)) throw new RaxedError('USAGE', `--${name} takes ${choices.slice(0, -1).join(', ')} or ${choices.at(-1) ?? ''}`);
}

function unknown(name: string, options: Options): RaxedError {
  const suggestion = nearest(name, [...options.keys()]);
  return new RaxedError('USAGE', `there is no option ${name.length === 1 ? '-' : '--'}${name}; ${suggestion === undefined ? 'a text that begins with a dash goes after --' : `did you mean --${suggestion}?`}`);
}
