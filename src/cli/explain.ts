import type { ScanTexts } from '../scanner/verdict.js';
import { SOURCES, sourceText } from '../scanner/verdict.js';
import { detectionText } from './detection-texts.js';
import type { Paint } from './render.js';
import { field, list, plain } from './render.js';

/** Why one detection was made, in plain words. */
export interface Explanation {
  readonly rule_id: string;
  readonly name: string;
  /** The words that were found, at most MAX_WORDS characters of them. */
  readonly words: string;
  readonly source: string;
  readonly what: string;
  readonly why: string;
  readonly advice: string;
}

/** What a rule says of itself; `raxed rules list --json` and `rules.list` give the same. */
export interface RuleText {
  readonly id: string;
  readonly description: string;
  readonly risk_explanation: string;
  readonly remediation_advice: string;
}

const MAX_WORDS = 160;

export function explain(verdict: object, texts: ScanTexts, rules: readonly RuleText[]): Explanation[] {
  const byId = new Map(rules.map((rule) => [rule.id, rule]));
  return list(field(verdict, 'detections')).map((detection) => {
    const id = String(field(detection, 'rule_id'));
    const rule = byId.get(id) ?? detectionText(id, Number(field(detection, 'confidence')));
    const source = SOURCES.find((name) => name === field(detection, 'source')) ?? 'prompt';
    const [start, end] = list(field(detection, 'span')).map(Number);
    const words = sourceText(texts, source)?.slice(start, end) ?? '';
    return {
      rule_id: id, name: String(field(detection, 'name')), source, words: words.length > MAX_WORDS ? `${words.slice(0, MAX_WORDS)}…` : words,
      what: rule.description, why: rule.risk_explanation, advice: rule.remediation_advice,
    };
  });
}

/** As `explain` made them, perhaps in another process. */
export function renderExplanations(explanations: readonly unknown[], style: Paint): string {
  return explanations.map((explanation) => {
    const shown = (name: keyof Explanation): string => plain(field(explanation, name));
    return [
      `\n${style.strong(shown('rule_id'))}  ${shown('name')}\n`,
      `  found   ${shown('words')}  ${style.faint(`(${shown('source')})`)}\n`,
      `  rule    ${shown('what')}\n`,
      `  risk    ${shown('why')}\n`,
      `  advice  ${shown('advice')}\n`,
    ].join('');
  }).join('');
}
