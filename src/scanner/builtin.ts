import { readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigError, describeError, errnoOf, RaxedError } from '../errors.js';
import { packageRoot } from '../platform/package-root.js';
import { exampleProblems } from './examples.js';
import { isLocated } from './prefilter.js';
import { Pattern, withFlags } from './regex/pattern.js';
import { DFA_LIMITS, DfaMemory } from './regex/state-cache.js';
import { compileRules } from './ruleset.js';
import type { Rule } from './rule.js';

/** The rules that come with raxed. Their patterns and examples were checked when they were packed. */
export function loadBuiltinRules(file: string = join(packageRoot, 'dist/rules.json')): Rule[] {
  try {
    const rules: Rule[] = JSON.parse(readFileSync(file, 'utf8'));
    return rules;
  } catch (cause) {
    throw new RaxedError('INTERNAL', 'the built-in rules cannot be read; build raxed with `npm run build`', { cause });
  }
}

/** The weights of the model that comes with raxed, for `readModel`; undefined when it was built without one. */
export function loadBuiltinWeights(file: string = join(packageRoot, 'dist/model.bin')): Uint8Array | undefined {
  try {
    return readFileSync(file);
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

/** All packs of a folder, checked, with what is known of their patterns, as the JSON that `loadBuiltinRules` reads. */
export async function packRules(folder: string): Promise<string> {
  const rules = await loadRulesDirs([folder]);
  const memory = new DfaMemory(DFA_LIMITS);
  return JSON.stringify(rules.map((rule) => ({
    ...rule,
    patterns: rule.patterns.map((each) => {
      const { re2Source, facts } = new Pattern(withFlags(each.pattern, each.flags), memory);
      return { ...each, known: { facts, ...(isLocated(facts) ? {} : { re2Source }) } };
    }),
  })));
}

/** Writes `packRules(folder)` to a file. */
export async function writeBuiltinRules(folder: string, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, await packRules(folder));
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
