import type { Channel } from './channel.js';
import type { Check } from './check-digit.js';
import type { KnownPattern } from './regex/pattern.js';
import type { Family, Severity } from './verdict.js';

/** One regular expression of a rule, in RE2 syntax. */
export interface RulePattern {
  readonly pattern: string;
  /** Python's names: IGNORECASE, MULTILINE, DOTALL. */
  readonly flags: readonly PatternFlag[];
  /** Only matches with valid check digits count. */
  readonly validate?: Check;
  /** Of built-in rules, which are checked when they are packed. */
  readonly known?: KnownPattern;
}

export const PATTERN_FLAGS = ['IGNORECASE', 'MULTILINE', 'DOTALL'] as const;
export type PatternFlag = (typeof PATTERN_FLAGS)[number];

/** One rule, as the packs give it: it fires when any of its patterns matches. */
export interface Rule {
  /** Unique in a ruleset: `[A-Za-z0-9][A-Za-z0-9_.-]{0,63}`. */
  readonly id: string;
  readonly family: Family;
  readonly name: string;
  readonly description: string;
  readonly severity: Severity;
  /** 0 to 1. */
  readonly confidence: number;
  readonly patterns: readonly RulePattern[];
  /** The channels that the rule looks at; undefined: the scanner's defaults. */
  readonly sources: readonly Channel[] | undefined;
  /** Where the same words weigh otherwise than `severity` says. */
  readonly severity_in?: Readonly<Partial<Record<Channel, Severity>>>;
  readonly examples: { readonly should_match: readonly string[]; readonly should_not_match: readonly string[] };
  /** MITRE ATLAS technique ids. */
  readonly mitre_attack: readonly string[];
  readonly owasp: readonly string[];
  readonly risk_explanation: string;
  readonly remediation_advice: string;
  readonly version: string;
}

/** What a rule without `sources` looks at: what users write and what data brings in, but not the operator's own word. */
export const DEFAULT_CHANNELS: readonly Channel[] = ['prompt', 'tool_args', 'tool_results', 'rag_context'];

export function ruleChannels(rule: Rule): readonly Channel[] {
  return rule.sources ?? DEFAULT_CHANNELS;
}

export function severityOf(rule: Rule, channel: Channel): Severity {
  return rule.severity_in?.[channel] ?? rule.severity;
}
