import type { ArgumentsCamelCase, Argv } from 'yargs';
import type { Io } from './io.js';

/** A word that a command takes beside its options. */
export interface Positional {
  readonly name: string;
  readonly required: boolean;
  readonly describe: string;
  /** Only for the last: any number of them. */
  readonly many?: boolean;
}

/** One command of `raxed`, its types forgotten. */
export interface Command {
  readonly positionals: readonly Positional[];
  readonly examples: readonly (readonly [command: string, what: string])[];
  build(parser: Argv): Argv;
  /** Resolves with the exit code; throws RaxedError. */
  run(args: ArgumentsCamelCase, io: Io, words: readonly string[]): Promise<number>;
}

/** `words` are the positionals as they were given, never numbers, whatever they begin with; the required ones are there. */
export function defineCommand<A>(definition: {
  readonly positionals?: readonly Positional[];
  readonly examples?: readonly (readonly [command: string, what: string])[];
  build(parser: Argv): Argv<A>;
  run(args: ArgumentsCamelCase<A>, io: Io, words: readonly string[]): Promise<number>;
}): Command {
  return {
    positionals: definition.positionals ?? [],
    examples: definition.examples ?? [],
    build: (parser) => definition.build(parser) as Argv,
    // yargs filled `args` by the options that `build` declared.
    run: (args, io, words) => definition.run(args as ArgumentsCamelCase<A>, io, words),
  };
}
