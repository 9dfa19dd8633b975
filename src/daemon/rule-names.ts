import { nearest } from '../nearest.js';
import type { Ruleset } from '../scanner/ruleset.js';
import { covers, OTHER_RULE_IDS } from '../scanner/scan.js';
import type { Generation } from './generation.js';
import type { Suppression } from './suppressions.js';

/** What is wrong with the name of a rule, or the beginning of some as in `pi-*`; undefined when detections may bear it. */
export function unknownRule(pattern: string, ruleset: Pick<Ruleset, 'rules'>): string | undefined {
  const ids = [...ruleset.rules.map(({ id }) => id), ...OTHER_RULE_IDS];
  if (ids.some((id) => covers(pattern, id))) return undefined;
  if (pattern.endsWith('*')) return 'no rule\'s id begins like this';
  const meant = nearest(pattern, ids);
  return `there is no rule of this id${meant === undefined ? '' : `; did you mean "${meant}"?`}`;
}

/** Suppressions under which nothing at all is reported, as warnings. */
export function blanketWarnings(suppressions: readonly Suppression[], now: number): string[] {
  return suppressions.filter(({ rule, until }) => rule === '*' && (until === undefined || now < until))
    .map(({ customer }) => `every rule is suppressed for ${customer === undefined ? 'all customers' : `customer ${customer.customerId} of ${customer.msspId}`}: no threat is reported; see raxed ctl rules suppressions`);
}

/** Suppressions of the configuration that suppress nothing, as warnings. */
export function suppressionWarnings({ config, ruleset }: Pick<Generation, 'config' | 'ruleset'>): string[] {
  const problems = (pointer: string, suppressions: readonly { readonly rule: string }[]): string[] => suppressions.flatMap(({ rule }, index) => {
    const problem = unknownRule(rule, ruleset);
    return problem === undefined ? [] : [`${pointer}/suppressions/${index}/rule: ${problem}`];
  });
  return [
    ...problems('/scanner', config.scanner.suppressions),
    ...config.mssps.flatMap((mssp) => mssp.customers.flatMap((customer) => problems(`customer ${customer.id} of ${mssp.id}: `, customer.suppressions))),
  ];
}
