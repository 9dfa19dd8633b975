import type { Argv } from 'yargs';
import type { Declared } from '../cli/command-line.js';
import { parserFor } from '../cli/command-line.js';
import type { Example, Positional } from '../cli/command.js';
import type { Group, Leaf } from '../cli/tree.js';

/** One option of a command, as it is typed and told. */
export interface OptionReference {
  /** With dashes, the main one first. */
  readonly names: readonly string[];
  /** What follows it; undefined: nothing. */
  readonly value: string | undefined;
  readonly required: boolean;
  readonly describe: string;
  readonly byDefault: unknown;
}

/** One command, for people. */
export interface CommandReference {
  /** `raxed ctl status`. */
  readonly name: string;
  /** Other words for the same command. */
  readonly aliases: readonly string[];
  readonly describe: string;
  readonly positionals: readonly Positional[];
  readonly options: readonly OptionReference[];
  readonly examples: readonly Example[];
}

/** What yargs keeps beside that; its published types leave it out, too. */
type Told = Argv & {
  getOptions(): Declared & { readonly default: Readonly<Record<string, unknown>> };
  getInternalMethods(): { getUsageInstance(): { getDescriptions(): Readonly<Record<string, string | undefined>> } };
};

/** Every command below `group`, in the order of the tree. One that stands at two places is told at the first. */
export async function commandReferences(group: Group): Promise<CommandReference[]> {
  const names = new Map<Leaf, string[]>();
  const visit = (node: Leaf | Group, name: string): void => {
    if ('commands' in node) for (const [word, inner] of Object.entries(node.commands)) visit(inner, `${name} ${word}`);
    else names.set(node, [...names.get(node) ?? [], name]);
  };
  visit(group, 'raxed');
  return Promise.all([...names].map(async ([leaf, [name = '', ...aliases]]) => {
    const { positionals, examples, build } = await leaf.load();
    return { name, aliases, describe: leaf.describe, positionals, options: optionsOf(build(parserFor(name, { stdout: unwritten }))), examples };
  }));
}

/** Where nothing is written to: a parser only asks how wide it is. */
const unwritten = { write: () => true, on: () => undefined };

function optionsOf(parser: Argv): OptionReference[] {
  const declared = parser as Told;
  const { key, alias, narg, number, choices, demandedOptions, default: defaults } = declared.getOptions();
  const descriptions = declared.getInternalMethods().getUsageInstance().getDescriptions();
  const aliases = new Set(Object.values(alias).flat());
  const valueOf = (name: string): string | undefined => {
    if (!Object.hasOwn(narg, name)) return undefined;
    return choices[name]?.join('|') ?? (number.includes(name) ? 'NUMBER' : 'TEXT');
  };
  return Object.keys(key).filter((name) => !aliases.has(name) && name !== 'help').map((name) => ({
    names: [name, ...alias[name] ?? []].map((each) => (each.length === 1 ? `-${each}` : `--${each}`)),
    value: valueOf(name),
    required: Object.hasOwn(demandedOptions, name),
    describe: descriptions[name] ?? '',
    byDefault: defaults[name],
  }));
}
