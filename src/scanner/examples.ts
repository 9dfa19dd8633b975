import { textsIn } from './channel.js';
import type { Channel } from './channel.js';
import type { Ruleset } from './ruleset.js';
import { scan } from './scan.js';
import type { Rule } from './rule.js';
import { ruleChannels } from './rule.js';

/** An example that does not do what its rule says. */
export interface ExampleFailure {
  readonly ruleId: string;
  readonly list: 'should_match' | 'should_not_match';
  readonly index: number;
}

/**
 * Scans every example of some rules of a ruleset and tells which ones fail. An example is looked at as a text of the
 * first channel of its rule, and only its own rule counts.
 */
export function runExamples(ruleset: Ruleset, rules: readonly Rule[] = ruleset.rules): ExampleFailure[] {
  const failures: ExampleFailure[] = [];
  for (const rule of rules) {
    const channel = ruleChannels(rule)[0] ?? 'prompt';
    const check = (list: ExampleFailure['list'], expected: boolean): void => {
      rule.examples[list].forEach((text, index) => {
        if (fires(ruleset, rule.id, text, channel) !== expected) failures.push({ ruleId: rule.id, list, index });
      });
    };
    check('should_match', true);
    check('should_not_match', false);
  }
  return failures;
}

/** The failures of `runExamples` as sentences that begin with the rule. */
export function exampleProblems(ruleset: Ruleset): string[] {
  return runExamples(ruleset).map(({ ruleId, list, index }) =>
    `rule ${ruleId}: examples.${list}[${index}]: ${list === 'should_match' ? 'the rule does not match it' : 'the rule matches it'}`);
}

function fires(ruleset: Ruleset, ruleId: string, text: string, channel: Channel): boolean {
  const verdict = scan(ruleset, textsIn(channel, text), { threatAt: 'low', blockAt: null, scanResponses: true, suppressions: [], now: () => 0 });
  return verdict.detections.some((detection) => detection.rule_id === ruleId);
}
