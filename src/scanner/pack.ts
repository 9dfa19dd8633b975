import { parseAllDocuments } from 'yaml';
import { ConfigError } from '../errors.js';
import type { ConfigProblem } from '../errors.js';
import { readRule } from './rule-form.js';
import type { Rule } from './rule.js';

/**
 * Reads one YAML rule pack: one or more documents, each a rule or a list of rules.
 * Throws `ConfigError('RULE_INVALID')` that names the file, the rule and the field of everything that is wrong.
 * The patterns are not compiled here; `compileRules` refuses those that it cannot take.
 */
export function parseRulePack(yamlText: string, fileName: string): Rule[] {
  const problems: ConfigProblem[] = [];
  const rules: Rule[] = [];
  // YAML 1.2, no custom tags; aliases are bounded by the library against exponential growth.
  const documents = parseAllDocuments(yamlText, { uniqueKeys: true, prettyErrors: true });
  if (!Array.isArray(documents)) return [];
  for (const document of documents) {
    const fault = document.errors[0] ?? document.warnings[0];
    if (fault !== undefined) {
      const line = fault.linePos?.[0].line;
      problems.push({ pointer: '', message: `${fileName}: ${line === undefined ? '' : `line ${line}: `}${firstLine(fault.message)}` });
      continue;
    }
    const value = plainValue(document, fileName, problems);
    const entries: unknown[] = Array.isArray(value) ? value : value === null || value === undefined ? [] : [value];
    entries.forEach((entry, index) => {
      const fallback = entries.length > 1 || documents.length > 1 ? `rule ${rules.length + index + 1}` : 'the rule';
      const read = readRule(entry);
      if (read.rule !== undefined) rules.push(read.rule);
      for (const problem of read.problems) {
        problems.push({ pointer: '', message: `${fileName}: ${read.id === undefined ? fallback : `rule ${read.id}`}: ${problem}` });
      }
    });
  }
  const seen = new Set<string>();
  for (const { id } of rules) {
    if (seen.has(id)) problems.push({ pointer: '', message: `${fileName}: rule ${id}: the id is used twice` });
    seen.add(id);
  }
  if (problems.length > 0) throw new ConfigError('RULE_INVALID', problems);
  return rules;
}

function plainValue(document: { toJS(options: { maxAliasCount: number }): unknown }, fileName: string, problems: ConfigProblem[]): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    problems.push({ pointer: '', message: `${fileName}: ${error instanceof Error ? firstLine(error.message) : 'cannot be read'}` });
    return undefined;
  }
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? message;
}
