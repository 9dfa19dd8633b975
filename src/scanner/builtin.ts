import { readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { endianness } from 'node:os';
import { dirname, join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { ConfigError, describeError, errnoOf, RaxedError } from '../errors.js';
import { builtFile } from '../platform/built-files.js';
import { exampleProblems } from './examples.js';
import { digestOf, isLocated, prefilterTables } from './prefilter-tables.js';
import type { PackedTables } from './prefilter-tables.js';
import { Pattern, withFlags } from './regex/pattern.js';
import type { KnownPattern } from './regex/pattern.js';
import { DFA_LIMITS, DfaMemory } from './regex/state-cache.js';
import { compileRules } from './ruleset.js';
import type { Rule } from './rule.js';

const PACKED_RULES = 'rules.json';

/** The rules that come with raxed. Their patterns and examples were checked when they were packed. */
export function loadBuiltinRules(file?: string): Rule[] {
  try {
    const rules: Rule[] = JSON.parse(readFileSync(file ?? builtFile(PACKED_RULES), 'utf8'));
    return rules;
  } catch (cause) {
    throw new RaxedError('INTERNAL', 'the built-in rules cannot be read; build raxed with `npm run build`', { cause });
  }
}

/**
 * What was made for those rules when they were packed, as views of what is read; undefined where that is not to be
 * had (another byte order, a much older Node): a ruleset makes its own then, which takes longer.
 */
export function loadBuiltinTables(file?: string): PackedTables | undefined {
  try {
    const tables: PackedTables = endianness() === 'LE' ? deserialize(readFileSync(tablesFile(file ?? builtFile(PACKED_RULES)))) : undefined;
    return tables;
  } catch {
    return undefined;
  }
}

/** The weights of the model that comes with raxed, for `readModel`; undefined when it was built without one. */
export function loadBuiltinWeights(file?: string): Uint8Array | undefined {
  try {
    return readFileSync(file ?? builtFile('model.bin'));
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined;
    throw new RaxedError('INTERNAL', 'the built-in model cannot be read; build raxed with `npm run build`', { cause });
  }
}

/**
 * The rules of all `*.yaml` and `*.yml` files in some folders, in order of file name.
 * Each file's examples are run. Throws `ConfigError('RULE_INVALID')` that lists everything that is wrong in any file.
 */
export async function loadRulesDirs(folders: readonly string[]): Promise<Rule[]> {
  if (folders.length === 0) return [];
  const problems: { pointer: string; message: string }[] = [];
  const owners = new Map<string, string>();
  const rules: Rule[] = [];
  // The YAML parser is only loaded where there is YAML to read.
  const { parseRulePack } = await import('./pack.js');
  for (const folder of folders) {
    for (const path of await packFiles(folder)) {
      try {
        const pack = parseRulePack(await readFile(path, 'utf8'), path);
        for (const message of exampleProblems(compileRules(pack, { engine: 'js' }))) problems.push({ pointer: '', message: `${path}: ${message}` });
        for (const rule of pack) {
          const owner = owners.get(rule.id);
          if (owner !== undefined) problems.push({ pointer: '', message: `${path}: rule ${rule.id}: the id is already used in ${owner}` });
          owners.set(rule.id, path);
        }
        rules.push(...pack);
      } catch (error) {
        if (error instanceof ConfigError) problems.push(...error.problems.map((p) => ({ ...p, message: p.message.startsWith(path) ? p.message : `${path}: ${p.message}` })));
        else problems.push({ pointer: '', message: `${path}: ${describeError(error)}` });
      }
    }
  }
  if (problems.length > 0) throw new ConfigError('RULE_INVALID', problems);
  return rules;
}

/**
 * Packs all rules of a folder, checked: as JSON with what is known of their patterns, for `loadBuiltinRules`, and beside
 * it what `loadBuiltinTables` reads.
 */
export async function writeBuiltinRules(folder: string, file: string): Promise<void> {
  const memory = new DfaMemory(DFA_LIMITS);
  const patterns: Pattern[] = [];
  const rules = (await loadRulesDirs([folder])).map((rule) => ({
    ...rule,
    patterns: rule.patterns.map((each) => {
      const pattern = new Pattern(withFlags(each.pattern, each.flags), memory);
      patterns.push(pattern);
      const known: KnownPattern = { skipped: pattern.skippedParts, ...(isLocated(pattern.facts) ? {} : { native: pattern.native }) };
      return { ...each, known };
    }),
  }));
  const tables: PackedTables = { digest: digestOf(patterns), prefilter: prefilterTables(patterns.map(({ facts }) => facts)) };
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, JSON.stringify(rules));
  await writeFile(tablesFile(file), serialize(tables));
}

function tablesFile(file: string): string {
  return file.replace(/\.json$/, '.bin');
}

async function packFiles(folder: string): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (cause) {
    throw new ConfigError('RULE_INVALID', [{ pointer: '', message: `${folder}: ${describeError(cause)}` }], { cause });
  }
  return names.filter((name) => /\.ya?ml$/.test(name)).sort().map((name) => join(folder, name));
}
