import type { ArgumentsCamelCase, Argv } from 'yargs';
import type { Io } from './io.js';

/** What may stand in a place of a command line, for completion: these words, ids that the daemon knows, or a path. */
export type Values = readonly string[] | 'mssp' | 'customer' | 'agent' | 'siem' | 'path';

/** A word that a command takes beside its options. */
export interface Positional {
  readonly name: string;
  readonly required: boolean;
  readonly describe: string;
  /** Only for the last: any number of them. */
  readonly many?: boolean;
  readonly values?: Values;
}

/** A command line as it is typed, `$0` for the command's name, and what it does. */
export type Example = readonly [command: string, what: string];

/** One command of `raxed`, its types forgotten. */
export interface Command {
  readonly positionals: readonly Positional[];
  readonly examples: readonly Example[];
  /** By option, where neither its choices nor its name say it. */
  readonly values: Readonly<Record<string, Values>>;
  build(parser: Argv): Argv;
  /** Resolves with the exit code; throws RaxedError. */
  run(args: ArgumentsCamelCase, io: Io, words: readonly string[]): Promise<number>;
}

/** `words` are the positionals as they were given, never numbers, whatever they begin with; the required ones are there. */
export function defineCommand<A>(definition: {
  readonly positionals?: readonly Positional[];
  readonly examples?: readonly Example[];
  readonly values?: Readonly<Record<string, Values>>;
  build(parser: Argv): Argv<A>;
  run(args: ArgumentsCamelCase<A>, io: Io, words: readonly string[]): Promise<number>;
}): Command {
  return {
    positionals: definition.positionals ?? [],
    examples: definition.examples ?? [],
    values: definition.values ?? {},
    build: (parser) => definition.build(parser) as Argv,
    // yargs filled `args` by the options that `build` declared.
    run: (args, io, words) => definition.run(args as ArgumentsCamelCase<A>, io, words),
  };
}
