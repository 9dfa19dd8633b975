import { ConfigError } from '../errors.js';
import type { ConfigProblem } from '../errors.js';
import { DFA_LIMITS, DfaMemory } from './regex/dfa.js';
import { Pattern, withFlags } from './regex/pattern.js';
import { PatternError } from './regex/syntax.js';
import { ruleSources } from './rule.js';
import type { Rule } from './rule.js';
import type { Source } from './verdict.js';

/** The part of the native `re2` package that is used. */
export interface Re2Module {
  readonly Set: new (patterns: Iterable<string>, flags?: string) => { match(text: string): number[] };
}

/** A rule that matches a text, and where: [start, end) in UTF-16 units. */
export interface RuleHit {
  readonly rule: Rule;
  readonly start: number;
  readonly end: number;
}

export interface Ruleset {
  readonly size: number;
  readonly engine: 're2' | 'js';
  readonly rules: readonly Rule[];
  /** The rules for a channel that match a well-formed text, in the order of `rules`. Time is linear in its length. */
  find(text: string, source: Source): RuleHit[];
}

interface CompiledPattern {
  readonly ruleIndex: number;
  readonly pattern: Pattern;
}

/**
 * Compiles rules once for many scans. `engine` 're2' is used where `re2` is given and nothing else is asked for.
 * Throws `ConfigError('RULE_INVALID')` naming every rule whose time is not bounded or that is not understood, and why.
 */
export function compileRules(rules: readonly Rule[], options: { readonly engine?: 're2' | 'js' } = {}, re2?: Re2Module): Ruleset {
  const problems: ConfigProblem[] = [];
  const patterns: CompiledPattern[] = [];
  const seen = new Set<string>();
  const memory = new DfaMemory(DFA_LIMITS);
  rules.forEach((rule, ruleIndex) => {
    if (seen.has(rule.id)) problems.push({ pointer: '', message: `rule ${rule.id}: the id is used twice` });
    seen.add(rule.id);
    rule.patterns.forEach(({ pattern, flags }, index) => {
      try {
        patterns.push({ ruleIndex, pattern: new Pattern(withFlags(pattern, flags), memory) });
      } catch (error) {
        if (!(error instanceof PatternError)) throw error;
        problems.push({ pointer: '', message: `rule ${rule.id}: patterns[${index}]: ${error.message}` });
      }
    });
  });
  if (problems.length > 0) throw new ConfigError('RULE_INVALID', problems);

  const native = options.engine === 'js' || re2 === undefined ? undefined : new re2.Set(patterns.map((p) => p.pattern.re2Source));
  const applies = rules.map((rule) => new Set<Source>(ruleSources(rule)));

  return {
    size: rules.length,
    engine: native === undefined ? 'js' : 're2',
    rules,
    find(text, source) {
      const hits = new Map<number, RuleHit>();
      const candidates = native === undefined ? patterns : native.match(text).flatMap((index) => patterns[index] ?? []);
      for (const { ruleIndex, pattern } of candidates) {
        const rule = rules[ruleIndex];
        if (rule === undefined || applies[ruleIndex]?.has(source) !== true) continue;
        const span = pattern.find(text);
        if (span === undefined) continue;
        const before = hits.get(ruleIndex);
        if (before === undefined || span[0] < before.start) hits.set(ruleIndex, { rule, start: span[0], end: span[1] });
      }
      return [...hits.entries()].sort(([a], [b]) => a - b).map(([, hit]) => hit);
    },
  };
}
