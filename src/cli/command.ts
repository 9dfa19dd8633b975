import type { ArgumentsCamelCase, Argv } from 'yargs';
import type { Io } from './io.js';

/** The one word that a command takes beside its options. */
export interface Positional {
  readonly name: string;
  readonly required: boolean;
  readonly describe: string;
}

/** One command of `raxed`, its types forgotten. */
export interface Command {
  readonly positional: Positional | undefined;
  readonly examples: readonly (readonly [command: string, what: string])[];
  build(parser: Argv): Argv;
  /** Resolves with the exit code; throws RaxedError. */
  run(args: ArgumentsCamelCase, io: Io, word: string | undefined): Promise<number>;
}

/** `word` is the positional as it was given: never a number, and whatever it begins with. */
export function defineCommand<A, P extends Positional | undefined = undefined>(definition: {
  readonly positional?: P;
  readonly examples?: readonly (readonly [command: string, what: string])[];
  build(parser: Argv): Argv<A>;
  run(args: ArgumentsCamelCase<A>, io: Io, word: P extends { readonly required: true } ? string : string | undefined): Promise<number>;
}): Command {
  return {
    positional: definition.positional,
    examples: definition.examples ?? [],
    build: (parser) => definition.build(parser) as Argv,
    // yargs filled `args` by the options that `build` declared; `main` refuses a command without its required word.
    run: (args, io, word) => definition.run(args as ArgumentsCamelCase<A>, io, word as P extends { readonly required: true } ? string : string | undefined),
  };
}
