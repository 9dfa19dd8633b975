import { readFile, stat } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { ConfigError, RaxedError, errnoOf } from '../errors.js';
import { loadBuiltinRules, loadRulesDirs } from '../scanner/builtin.js';
import { textsIn } from '../scanner/channel.js';
import type { Channel } from '../scanner/channel.js';
import { exampleProblems } from '../scanner/examples.js';
import { parseRulePack } from '../scanner/pack.js';
import { loadRe2 } from '../scanner/re2.js';
import type { Rule } from '../scanner/rule.js';
import { ruleChannels } from '../scanner/rule.js';
import { compileRules } from '../scanner/ruleset.js';
import { scan } from '../scanner/scan.js';
import { showVerdict } from './ctl/scan.js';
import type { Io } from './io.js';
import { wantsColour, written } from './io.js';
import { paint, plain, table } from './render.js';
import { readAll } from './text-input.js';

/** `raxed rules list`: the built-in rules. */
export async function listRules({ json }: { readonly json: boolean }, io: Io): Promise<number> {
  const rules = loadBuiltinRules().sort((one, other) => (one.id < other.id ? -1 : 1));
  await written(io.stdout, json
    ? `${JSON.stringify({ rules: rules.map(({ id, name, family, severity, confidence, description, risk_explanation, remediation_advice }) => ({ id, name, family, severity, confidence, description, risk_explanation, remediation_advice })) })}\n`
    : `${table(['ID', 'FAMILY', 'SEVERITY', 'CONFIDENCE', 'NAME'], rules.map((rule) => [rule.id, rule.family, rule.severity, plain(rule.confidence), plain(rule.name)]), paint(wantsColour(io)))}\n${rules.length} rules\n`);
  return 0;
}

/** `raxed rules check`: every path's rules are compiled and their examples run. Throws RULE_INVALID when one is bad. */
export async function checkRules(paths: readonly string[], io: Io): Promise<number> {
  const style = paint(wantsColour(io));
  const problems: { pointer: string; message: string }[] = [];
  for (const path of paths) {
    try {
      const rules = await rulesAt(path);
      await written(io.stdout, `${style.good('✓')} ${plain(path)}: ${rules.length} ${rules.length === 1 ? 'rule' : 'rules'}\n`);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const { message } of error.problems) await written(io.stdout, `${style.bad('✗')} ${plain(message)}\n`);
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new RaxedError('RULE_INVALID', problems.length === 1 ? 'the problem is listed above' : `${problems.length} problems are listed above`);
  return 0;
}

/** `raxed rules test`: one rule against one text, in a channel, else the rule's first. 1 when it matches. */
export async function testRule(args: { readonly rule: string; readonly text: string; readonly rules: string | undefined; readonly channel: Channel | undefined; readonly json: boolean }, io: Io): Promise<number> {
  const candidates = [...(args.rules === undefined ? [] : await rulesAt(args.rules)), ...loadBuiltinRules()];
  const rule = candidates.find(({ id }) => id === args.rule);
  if (rule === undefined) throw new RaxedError('RULE_NOT_FOUND', 'there is no rule of this id; `raxed rules list` shows the built-in ones');
  const text = args.text === '-' ? await readAll(io.stdin) : args.text;
  const channel = args.channel ?? ruleChannels(rule)[0] ?? 'prompt';
  const verdict = scan(compileRules([rule], {}, await loadRe2()), textsIn(channel, text), { threatAt: 'low', blockAt: null, scanResponses: true, suppressions: [], now: () => performance.now() });
  return showVerdict(verdict, args.json, io);
}

async function rulesAt(path: string): Promise<Rule[]> {
  const found = await stat(path).catch((error: unknown) => errnoOf(error) ?? 'unknown error');
  if (typeof found === 'string') throw new ConfigError('RULE_INVALID', [{ pointer: '', message: `${path}: cannot be read (${found})` }]);
  if (found.isDirectory()) return loadRulesDirs([path]);
  const rules = parseRulePack(await readFile(path, 'utf8'), path);
  const failing = exampleProblems(compileRules(rules, { engine: 'js' }));
  if (failing.length > 0) throw new ConfigError('RULE_INVALID', failing.map((message) => ({ pointer: '', message: `${path}: ${message}` })));
  return rules;
}
