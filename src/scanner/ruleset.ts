import { ConfigError } from '../errors.js';
import type { ConfigProblem } from '../errors.js';
import { CHANNELS } from './channel.js';
import type { Channel } from './channel.js';
import { hasValidCheck } from './check-digit.js';
import type { Check } from './check-digit.js';
import { NativeSets } from './native-sets.js';
import type { Re2Module } from './native-sets.js';
import { Prefilter } from './prefilter.js';
import type { Needs } from './prefilter.js';
import { digestOf, prefilterTables } from './prefilter-tables.js';
import type { PackedTables } from './prefilter-tables.js';
import { Pattern, withFlags } from './regex/pattern.js';
import { DFA_LIMITS, DfaMemory } from './regex/state-cache.js';
import { UnitBuffer } from './regex/units.js';
import type { Units } from './regex/units.js';
import { PatternError } from './regex/syntax.js';
import { ruleChannels } from './rule.js';
import type { Rule } from './rule.js';

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
  /** What it was given of its first rules. */
  readonly tables: PackedTables | undefined;
  /**
   * The rules for a channel that match a well-formed text, in the order of `rules`, each with its leftmost match (of
   * several at one place the one that Perl prefers; of several patterns the earliest, then the longest).
   * Time is linear in the length of the text.
   */
  find(text: string, channel: Channel): RuleHit[];
  /** Does now what the first scan would do otherwise. */
  prepare(): void;
  /** How many characters of the last text were looked at, those of the search for literals and of RE2 aside: at most a few for each and each pattern. */
  readonly steps: number;
}

export interface CompileOptions {
  readonly engine?: 're2' | 'js' | undefined;
  /** Of the patterns of the first rules; of others they are not used. */
  readonly tables?: PackedTables | undefined;
}

/**
 * Compiles rules once for many scans. 're2' is the engine where `re2` is given, unless 'js' is asked for; both find the same.
 * Throws `ConfigError('RULE_INVALID')` naming every rule whose time is not bounded or that is not understood, and why.
 */
export function compileRules(rules: readonly Rule[], options: CompileOptions = {}, re2?: Re2Module): Ruleset {
  const problems: ConfigProblem[] = [];
  const patterns: Pattern[] = [];
  const ruleOf: number[] = [];
  const checks: (Check | undefined)[] = [];
  const ids = new Set<string>();
  const memory = new DfaMemory(DFA_LIMITS);
  rules.forEach((rule, ruleIndex) => {
    const refuse = (reason: string): void => void problems.push({ pointer: '', message: `rule ${rule.id}: ${reason}` });
    if (ids.has(rule.id)) refuse('the id is used twice');
    ids.add(rule.id);
    rule.patterns.forEach(({ pattern, flags, validate, known }, index) => {
      try {
        const compiled = new Pattern(withFlags(pattern, flags), memory, known);
        if (known === undefined && compiled.matchesEmpty) refuse(`patterns[${index}]: matches the empty text, and so every text`);
        if (known === undefined && validate !== undefined && !compiled.isAtMost(MAX_CHECKED_UNITS)) refuse(`patterns[${index}]: a match with check digits may have at most ${MAX_CHECKED_UNITS} characters; give each repeat a bound`);
        patterns.push(compiled);
        ruleOf.push(ruleIndex);
        checks.push(validate);
      } catch (error) {
        if (!(error instanceof PatternError)) throw error;
        refuse(`patterns[${index}]: ${error.message}`);
      }
    });
  });
  if (problems.length > 0) throw new ConfigError('RULE_INVALID', problems);
  return new CompiledRuleset({ rules, patterns, ruleOf, checks, tables: options.tables }, options.engine === 'js' ? undefined : re2);
}

/** What has check digits is tried place by place, so that it must be short. */
const MAX_CHECKED_UNITS = 200;

/** After as many characters as this many texts have, a pattern is no longer tried place by place. */
const MAX_PASSES = 2;

/** For fewer patterns than this the own automata are done before RE2 has got its copy of the text. */
const MIN_NATIVE = 2;

interface Compiled {
  readonly rules: readonly Rule[];
  readonly patterns: readonly Pattern[];
  /** By pattern. */
  readonly ruleOf: readonly number[];
  readonly checks: readonly (Check | undefined)[];
  readonly tables: PackedTables | undefined;
}

interface Section {
  readonly first: number;
  readonly prefilter: Prefilter;
  /** By channel. */
  readonly needs: ReadonlyMap<Channel, Needs>;
}

interface Matchers {
  /** Each for the patterns from `first` on, up to those of the next one. */
  readonly sections: readonly Section[];
  /** For the patterns whose matches can begin anywhere. */
  readonly unlocated: readonly number[];
  readonly native: NativeSets | undefined;
}

class CompiledRuleset implements Ruleset {
  readonly size: number;
  readonly engine: 're2' | 'js';
  steps = 0;
  readonly rules: readonly Rule[];
  readonly tables: PackedTables | undefined;
  private readonly patterns: readonly Pattern[];
  private readonly ruleOf: readonly number[];
  private readonly checks: readonly (Check | undefined)[];
  private prepared: Matchers | undefined;
  /** By channel: 1 for the patterns that are for it; undefined when none is. */
  private readonly applies: ReadonlyMap<Channel, Uint8Array>;
  private readonly buffer = new UnitBuffer();
  /** By pattern: where its match in the text at hand begins (-1: there is none) and ends. */
  private readonly starts: Int32Array;
  private readonly endsAt: Int32Array;
  /** The patterns with a match. */
  private readonly matched: number[] = [];
  /** How many characters were looked at for the pattern at hand. */
  private wasted = 0;

  constructor({ rules, patterns, ruleOf, checks, tables }: Compiled, private readonly re2: Re2Module | undefined) {
    this.rules = rules;
    this.patterns = patterns;
    this.ruleOf = ruleOf;
    this.checks = checks;
    this.tables = tables;
    this.size = rules.length;
    this.engine = re2 === undefined ? 'js' : 're2';
    const applies = new Map<Channel, Uint8Array>();
    for (const channel of CHANNELS) {
      const marks = Uint8Array.from(ruleOf, (rule) => (ruleChannels(rules[rule] as Rule).includes(channel) ? 1 : 0));
      if (marks.includes(1)) applies.set(channel, marks);
    }
    this.applies = applies;
    this.starts = new Int32Array(patterns.length).fill(-1);
    this.endsAt = new Int32Array(patterns.length);
  }

  prepare(): void {
    this.matchers().native?.prepare();
  }

  find(text: string, channel: Channel): RuleHit[] {
    if (!this.applies.has(channel) || text === '') return [];
    const { sections, unlocated, native } = this.matchers();
    const { starts, patterns, matched } = this;
    for (const index of matched) starts[index] = -1;
    matched.length = 0;
    this.steps = 0;
    const budget = MAX_PASSES * text.length;
    const units = this.buffer.copy(text);
    const isAscii = Buffer.byteLength(text, 'utf8') === text.length;
    const possible = new Set<number>();
    for (const { first, prefilter, needs } of sections) {
      const needsHere = needs.get(channel);
      if (needsHere === undefined) continue;
      prefilter.search(units, isAscii, needsHere);
      let current = -1;
      prefilter.beginnings(units, (at, from, to) => {
        const index = first + at;
        const pattern = patterns[index];
        const known = starts[index] ?? -1;
        if (index !== current) this.wasted = 0;
        current = index;
        if (pattern === undefined || (known >= 0 && known <= from) || this.wasted > budget) return;
        if (prefilter.isBehind(at) && !pattern.tailMatches(units, to)) this.waste(pattern.steps);
        else this.searchRange(units, index, { text, from, to });
        if (this.wasted > budget) this.searchRange(units, index, { text, from: 0, to: text.length });
      });
      for (const at of prefilter.unlocated) if (prefilter.possible(at)) possible.add(first + at);
    }

    for (const index of native === undefined || possible.size < MIN_NATIVE ? possible : matchingOf(text, native, unlocated) ?? possible) {
      if (possible.has(index)) this.searchRange(units, index, { text, from: 0, to: text.length });
    }
    return matched.length > 0 ? this.hits() : [];
  }

  /** Notes the first match that begins in a range, both ends included, if there is one. */
  private searchRange(units: Units, index: number, { text, from, to }: { readonly text: string; readonly from: number; readonly to: number }): void {
    const pattern = this.patterns[index];
    if (pattern === undefined) return;
    const check = this.checks[index];
    for (let start = from; start <= to; start++) {
      if (isInsideCharacter(units, start)) continue;
      // What has check digits is tried place by place: it is short.
      const last = check === undefined ? to : start;
      const end = pattern.matchEnd(units, start, last);
      this.waste(pattern.steps);
      if (end >= 0) {
        const begin = last > start ? pattern.matchStart(units, end) : start;
        if (check === undefined || hasValidCheck(check, text.slice(begin, end))) {
          if (this.starts[index] === -1) this.matched.push(index);
          this.starts[index] = begin;
          this.endsAt[index] = end;
          return;
        }
      }
      start = last;
    }
  }

  private waste(steps: number): void {
    this.wasted += steps + 1;
    this.steps += steps + 1;
  }

  private hits(): RuleHit[] {
    const hits: RuleHit[] = [];
    for (const index of this.matched.sort((a, b) => a - b)) {
      const start = this.starts[index] ?? 0;
      const rule = this.rules[this.ruleOf[index] ?? 0];
      if (rule === undefined) continue;
      const end = this.endsAt[index] ?? 0;
      const last = hits[hits.length - 1];
      if (last?.rule !== rule) hits.push({ rule, start, end });
      else if (start < last.start || (start === last.start && end > last.end)) hits[hits.length - 1] = { rule, start, end };
    }
    return hits;
  }

  private matchers(): Matchers {
    return this.prepared ??= this.build();
  }

  private build(): Matchers {
    const { patterns, tables, re2 } = this;
    const known = tables?.prefilter.anchors.length ?? 0;
    const isKnown = tables !== undefined && digestOf(patterns.slice(0, known)) === tables.digest;
    const first = isKnown ? known : 0;
    const section = (from: number, prefilter: Prefilter): Section => ({
      first: from, prefilter, needs: new Map([...this.applies].map(([channel, wanted]) => [channel, prefilter.needs(wanted.subarray(from))])),
    });
    const sections = isKnown ? [section(0, new Prefilter(tables.prefilter))] : [];
    if (first < patterns.length) sections.push(section(first, new Prefilter(prefilterTables(patterns.slice(first).map(({ facts }) => facts)))));
    const unlocated = sections.flatMap(({ first: before, prefilter }) => prefilter.unlocated.map((at) => before + at));
    const native = re2 === undefined ? undefined : new NativeSets(re2, unlocated.flatMap((index) => patterns[index]?.native ?? []));
    return { sections, unlocated, native };
  }
}

/** Of the patterns that RE2 was given, those that match, or that it could not take; undefined when it ran out of memory. */
function matchingOf(text: string, native: NativeSets, given: readonly number[]): readonly number[] | undefined {
  const matching = native.matching(Buffer.from(text, 'utf8'));
  return matching === undefined ? undefined : [...matching, ...native.refused].map((at) => given[at] ?? 0);
}

function isInsideCharacter({ units, length }: Units, at: number): boolean {
  return at < length && ((units[at] ?? 0) & 0xfc00) === 0xdc00;
}
