import { ConfigError } from '../errors.js';
import type { ConfigProblem } from '../errors.js';
import { NativeSets } from './native-sets.js';
import type { Re2Module } from './native-sets.js';
import { Prefilter } from './prefilter.js';
import { DFA_LIMITS, DfaMemory } from './regex/dfa.js';
import { Pattern, withFlags } from './regex/pattern.js';
import { PatternError } from './regex/syntax.js';
import { ruleSources } from './rule.js';
import type { Rule } from './rule.js';
import { SOURCES } from './verdict.js';
import type { Source } from './verdict.js';

export type { Re2Module } from './native-sets.js';

/** A rule that matches a text, and where: [start, end) in UTF-16 units. */
export interface RuleHit {
  readonly rule: Rule;
  readonly start: number;
  readonly end: number;
}

/** Compiled rules. The matchers keep what they learn from texts, so that the first ones cost more. */
export interface Ruleset {
  readonly size: number;
  readonly engine: 're2' | 'js';
  readonly rules: readonly Rule[];
  /**
   * The rules for a channel that match a well-formed text, in the order of `rules`, each with its leftmost match (of
   * several at one place the one that Perl prefers; of several patterns the earliest, then the longest).
   * Time is linear in the length of the text.
   */
  find(text: string, source: Source): RuleHit[];
  /** Does now what the first scan would do otherwise. */
  prepare(): void;
}

/**
 * Compiles rules once for many scans. 're2' is the engine where `re2` is given, unless 'js' is asked for; both find the same.
 * Throws `ConfigError('RULE_INVALID')` naming every rule whose time is not bounded or that is not understood, and why.
 */
export function compileRules(rules: readonly Rule[], options: { readonly engine?: 're2' | 'js' | undefined } = {}, re2?: Re2Module): Ruleset {
  const problems: ConfigProblem[] = [];
  const patterns: Pattern[] = [];
  const ruleOf: number[] = [];
  const ids = new Set<string>();
  const memory = new DfaMemory(DFA_LIMITS);
  rules.forEach((rule, ruleIndex) => {
    const refuse = (reason: string): void => void problems.push({ pointer: '', message: `rule ${rule.id}: ${reason}` });
    if (ids.has(rule.id)) refuse('the id is used twice');
    ids.add(rule.id);
    rule.patterns.forEach(({ pattern, flags }, index) => {
      try {
        const compiled = new Pattern(withFlags(pattern, flags), memory);
        if (compiled.matchesEmpty) refuse(`patterns[${index}]: matches the empty text, and so every text`);
        patterns.push(compiled);
        ruleOf.push(ruleIndex);
      } catch (error) {
        if (!(error instanceof PatternError)) throw error;
        refuse(`patterns[${index}]: ${error.message}`);
      }
    });
  });
  if (problems.length > 0) throw new ConfigError('RULE_INVALID', problems);
  return new CompiledRuleset(rules, patterns, ruleOf, options.engine === 'js' ? undefined : re2);
}

class CompiledRuleset implements Ruleset {
  readonly size: number;
  readonly engine: 're2' | 'js';
  private readonly native: NativeSets | undefined;
  private prefilter: Prefilter | undefined;
  /** By channel: 1 for the patterns that are for it; undefined when none is. */
  private readonly applies: ReadonlyMap<Source, Uint8Array>;

  constructor(readonly rules: readonly Rule[], private readonly patterns: readonly Pattern[], private readonly ruleOf: readonly number[], re2: Re2Module | undefined) {
    this.size = rules.length;
    this.engine = re2 === undefined ? 'js' : 're2';
    this.native = re2 === undefined ? undefined : new NativeSets(re2, patterns.map((pattern) => pattern.re2Source));
    const applies = new Map<Source, Uint8Array>();
    for (const source of SOURCES) {
      const marks = Uint8Array.from(ruleOf, (rule) => (ruleSources(rules[rule] as Rule).includes(source) ? 1 : 0));
      if (marks.includes(1)) applies.set(source, marks);
    }
    this.applies = applies;
  }

  prepare(): void {
    if (this.native === undefined) this.filter();
    else this.native.prepare();
  }

  find(text: string, source: Source): RuleHit[] {
    const applies = this.applies.get(source);
    if (applies === undefined || text === '') return [];
    const best = new Map<number, readonly [number, number]>();
    for (const index of this.suspects(text)) {
      if (applies[index] === 0) continue;
      const span = this.patterns[index]?.find(text);
      if (span === undefined) continue;
      const rule = this.ruleOf[index] ?? 0;
      const other = best.get(rule);
      if (other === undefined || span[0] < other[0] || (span[0] === other[0] && span[1] > other[1])) best.set(rule, span);
    }
    const found = best.size > 1 ? [...best].sort(([a], [b]) => a - b) : [...best];
    return found.flatMap(([index, [start, end]]) => {
      const rule = this.rules[index];
      return rule === undefined ? [] : [{ rule, start, end }];
    });
  }

  /** The patterns that match, or may match. */
  private suspects(text: string): readonly number[] {
    if (this.native !== undefined) {
      const matching = this.native.matching(Buffer.from(text, 'utf8'));
      if (matching !== undefined) return this.native.refused.length === 0 ? matching : [...matching, ...this.native.refused];
    }
    return this.filter().candidates(text, Buffer.byteLength(text, 'utf8') === text.length);
  }

  private filter(): Prefilter {
    this.prefilter ??= new Prefilter(this.patterns.map((pattern) => pattern.literals));
    return this.prefilter;
  }
}
