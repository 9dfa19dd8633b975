import type { ArgumentsCamelCase, Argv } from 'yargs';
import type { Io } from './io.js';

/** One command of `raxed`, its types forgotten. */
export interface Command {
  /** In yargs' notation: `<id>`, `[text]`. */
  readonly positional: string;
  readonly examples: readonly (readonly [command: string, what: string])[];
  build(parser: Argv): Argv;
  /** Resolves with the exit code; throws RaxedError. */
  run(args: ArgumentsCamelCase, io: Io): Promise<number>;
}

export function defineCommand<A>(definition: {
  readonly positional?: string;
  readonly examples?: readonly (readonly [command: string, what: string])[];
  build(parser: Argv): Argv<A>;
  run(args: ArgumentsCamelCase<A>, io: Io): Promise<number>;
}): Command {
  return {
    positional: definition.positional ?? '',
    examples: definition.examples ?? [],
    build: (parser) => definition.build(parser) as Argv,
    // yargs filled `args` by the options that `build` declared.
    run: (args, io) => definition.run(args as ArgumentsCamelCase<A>, io),
  };
}
