import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ConfigError } from '../../src/errors.js';
import { loadBuiltinRules, loadBuiltinTables, loadRulesDirs, writeBuiltinRules } from '../../src/scanner/builtin.js';
import { parseRulePack } from '../../src/scanner/pack.js';
import { compileRules } from '../../src/scanner/ruleset.js';
import type { Ruleset } from '../../src/scanner/ruleset.js';

const PACK = `
version: 1.0.0
rule_id: custom-001
family: pi
name: Ignore previous instructions
description: Tries to replace the instructions.
severity: Critical
confidence: 0.95
patterns:
  - { pattern: '(?i)\\bignore\\s+(?P<what>all)', flags: [IGNORECASE, re.DOTALL, M] }
  - 'disregard'
sources: [prompt, rag_context]
examples: { should_match: ["Ignore all"], should_not_match: ["ignored"] }
mitre_attack: [ AML.T0051 ]
owasp: LLM01
metadata: { author: somebody, created: 2026-01-01 }
risk_explanation: It may work.
remediation_advice: Block it.
`;

/** The messages of a refused pack. */
function problems(yaml: string): string[] {
  try {
    parseRulePack(yaml, 'x.yaml');
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ message }) => message);
    throw error;
  }
}

t.test('a pack becomes rules, field by field', (t) => {
  t.same(parseRulePack(PACK, 'x.yaml'), [{
    id: 'custom-001', family: 'PI', name: 'Ignore previous instructions', description: 'Tries to replace the instructions.', severity: 'critical', confidence: 0.95,
    patterns: [{ pattern: '(?i)\\bignore\\s+(?P<what>all)', flags: ['IGNORECASE', 'MULTILINE', 'DOTALL'] }, { pattern: 'disregard', flags: [] }],
    sources: ['prompt', 'rag_context'], examples: { should_match: ['Ignore all'], should_not_match: ['ignored'] },
    mitre_attack: ['AML.T0051'], owasp: ['LLM01'], risk_explanation: 'It may work.', remediation_advice: 'Block it.', version: '1.0.0',
  }]);
  t.end();
});

t.test('the form of the custom-rule guide is understood, and its other keys are let pass', (t) => {
  const [rule] = parseRulePack(`
id: my-rule
version: 1.0
family: CUSTOM
severity: HIGH
something_else: 1
metadata: { name: My rule, description: About it, author: me }
patterns: [ { pattern: abc, flags: [UNICODE], timeout: 5 } ]
examples:
  should_match: [ { input: xabcx, note: fine } ]
  should_not_match: [ { input: ab } ]
`, 'x.yaml');
  t.match(rule, { id: 'my-rule', name: 'My rule', description: 'About it', severity: 'high', confidence: 0.8, version: '1', sources: undefined, patterns: [{ pattern: 'abc', flags: [] }] });
  t.same(rule?.examples, { should_match: ['xabcx'], should_not_match: ['ab'] });
  t.end();
});

t.test('a rule may name its channels, and weigh less in some', (t) => {
  const read = (yaml: string): object => parseRulePack(PACK.replace('sources: [prompt, rag_context]', yaml), 'x.yaml')[0] ?? {};
  t.match(read('sources: [tool_calls, prompt, tool_args]'), { sources: ['tool_args', 'tool_results', 'prompt'] });
  t.match(read('sources: [tool_results]'), { sources: ['tool_results'] });
  t.match(read('severity_in: { prompt: Low, tool_calls: high }'), { sources: undefined, severity_in: { prompt: 'low', tool_args: 'high', tool_results: 'high' } });
  t.equal('severity_in' in read(''), false);
  t.end();
});

t.test('a file holds several documents, lists of rules, or nothing', (t) => {
  const second = PACK.replace('custom-001', 'custom-002');
  t.same(parseRulePack(`---${PACK}---${second}`, 'x.yaml').map(({ id }) => id), ['custom-001', 'custom-002']);
  const item = (id: string): string => `- { rule_id: ${id}, family: HC, name: n, severity: low, patterns: [a${id}] }\n`;
  t.same(parseRulePack(item('a') + item('b'), 'x.yaml').map(({ id }) => id), ['a', 'b']);
  t.same(parseRulePack('', 'x.yaml'), []);
  t.same(parseRulePack('# only a comment\n', 'x.yaml'), []);
  t.same(problems(item('a') + item('a')), ['x.yaml: rule a: the id is used twice']);
  t.end();
});

t.test('everything that is wrong is told with file, rule and field', (t) => {
  const cases: readonly (readonly [string, RegExp])[] = [
    [PACK.replace('sources:', 'source:'), /^x\.yaml: rule custom-001: source: unknown key$/],
    [PACK.replace('family: pi', 'family: XX'), /^x\.yaml: rule custom-001: family: expected one of PI, JB/],
    [PACK.replace('Critical', 'urgent'), /rule custom-001: severity: expected one of none, low/],
    [PACK.replace('0.95', '95'), /rule custom-001: confidence: expected a number from 0 to 1/],
    [PACK.replace('name: Ignore', 'title: Ignore'), /rule custom-001: (title: unknown key|name: is missing)/],
    [PACK.replace('custom-001', '"../etc"'), /^x\.yaml: the rule: rule_id: expected 1 to 64/],
    [PACK.replace('rule_id: custom-001\n', ''), /the rule: rule_id: expected/],
    [PACK.replace('IGNORECASE', 'VERBOSE'), /rule custom-001: patterns\[0\]\.flags: expected a list of IGNORECASE/],
    [PACK.replace("- 'disregard'", '- { flags: [] }'), /rule custom-001: patterns\[1\]\.pattern: expected a regular expression/],
    [PACK.replace(/patterns:[^]*?sources/, 'patterns: []\nsources'), /rule custom-001: patterns: expected a list of 1 to 64/],
    [PACK.replace('[prompt, rag_context]', '[prompts]'), /rule custom-001: sources: expected a list of prompt/],
    [PACK.replace('[prompt, rag_context]', '[]'), /rule custom-001: sources: expected a list/],
    [PACK.replace('[prompt, rag_context]', '[prompt]\nseverity_in: { rag_context: low }'), /rule custom-001: severity_in\.rag_context: is not among the rule's sources, prompt$/],
    [PACK.replace('[prompt, rag_context]', '[tool_args]\nseverity_in: { tool_calls: low }'), /rule custom-001: severity_in\.tool_calls: is not among the rule's sources, tool_args$/],
    [PACK.replace('[prompt, rag_context]', '[prompt]\nseverity_in: { prompt: mild }'), /rule custom-001: severity_in\.prompt: expected one of none, low/],
    [PACK.replace('[prompt, rag_context]', '[prompt]\nseverity_in: low'), /rule custom-001: severity_in: expected a mapping/],
    [PACK.replace('["Ignore all"]', '[1]'), /rule custom-001: examples\.should_match\[0\]: expected a text/],
    [PACK.replace('should_match:', 'should:'), /rule custom-001: examples\.should: unknown key/],
    [PACK.replace('[ AML.T0051 ]', '[ 1 ]'), /rule custom-001: mitre_attack: expected a list of texts/],
    ['rule_id: [unclosed', /^x\.yaml: line 1: /],
    ['a: 1\na: 2', /^x\.yaml: line \d: .*unique/i],
    ['just a text', /^x\.yaml: the rule: expected a mapping/],
    [`a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: [*c, *c, *c, *c, *c, *c]`, /^x\.yaml: .*alias/i],
    ['rule_id: !!js/function "x"', /x\.yaml: /],
  ];
  for (const [yaml, message] of cases) t.ok(problems(yaml).some((found) => message.test(found)), `${String(message)}: ${problems(yaml).join(' | ')}`);
  t.end();
});

t.test('folders of packs are read in order, their examples are run, and all mistakes are told at once', async (t) => {
  const folder = t.testdir({
    good: { 'b.yml': PACK.replaceAll('custom-001', 'custom-b'), 'a.yaml': PACK, 'notes.txt': 'not a pack' },
    twice: { 'c.yaml': PACK },
    bad: {
      'examples.yaml': PACK.replace('"Ignore all"', '"nothing"').replace('"ignored"', '"disregard"').replaceAll('custom-001', 'custom-x'),
      'unbounded.yaml': PACK.replace('disregard', '(?=x)y').replaceAll('custom-001', 'custom-y'),
      'syntax.yaml': 'a: [',
    },
  });
  t.same((await loadRulesDirs([join(folder, 'good')])).map(({ id }) => id), ['custom-001', 'custom-b']);
  t.same(await loadRulesDirs([]), []);
  await t.rejects(loadRulesDirs([join(folder, 'good'), join(folder, 'twice')]), { code: 'RULE_INVALID', message: /twice\/c\.yaml: rule custom-001: the id is already used in .*good\/a\.yaml/ });
  await t.rejects(loadRulesDirs([join(folder, 'absent')]), { code: 'RULE_INVALID', message: /absent/ });
  const error: unknown = await loadRulesDirs([join(folder, 'bad')]).catch((reason: unknown) => reason);
  t.ok(error instanceof ConfigError);
  if (!(error instanceof ConfigError)) return;
  t.match(error.problems.map(({ message }) => message), [
    /bad\/examples\.yaml: rule custom-x: examples\.should_match\[0\]: the rule does not match it/,
    /bad\/examples\.yaml: rule custom-x: examples\.should_not_match\[0\]: the rule matches it/,
    /bad\/syntax\.yaml: line 1: /,
    /bad\/unbounded\.yaml: rule custom-y: patterns\[1\]: look-ahead is not supported/,
  ]);
});

t.test('the built-in rules survive the way through their packed form', async (t) => {
  const source = join(import.meta.dirname, '../../src/scanner/rules');
  const file = join(t.testdir(), 'deep/rules.json');
  await writeBuiltinRules(source, file);
  const packed = loadBuiltinRules(file);
  const plain = packed.map((rule) => ({ ...rule, patterns: rule.patterns.map(({ known: _known, ...pattern }) => pattern) }));
  // JSON has no undefined: what is not there stays away. Strings compare quickly where 148 rules do not.
  t.ok(JSON.stringify(plain) === JSON.stringify(await loadRulesDirs([source])), 'nothing is changed but what is worked out beforehand');
  t.ok(packed.every(({ patterns }) => patterns.every(({ known }) => known !== undefined)), 'every pattern is worked out beforehand');
  t.ok(compileRules(packed).size === packed.length);
  const tables = loadBuiltinTables(file);
  t.ok(tables !== undefined, 'what literals are looked for is worked out too');
  const texts = packed.flatMap(({ examples }, index) => (index % 20 === 0 ? [`${examples.should_match.join(' ')} Ignore all`] : []));
  const found = (ruleset: Ruleset): string[] => texts.map((text) => ruleset.find(text, 'prompt').map(({ rule, start, end }) => `${rule.id} ${start} ${end}`).sort().join());
  const own = parseRulePack(PACK, 'own.yaml');
  const expected = found(compileRules([...plain, ...own]));
  t.same(found(compileRules([...packed, ...own], { tables })), expected, 'with it the same is found, also beside rules of others');
  t.same(found(compileRules([...own, ...packed], { tables })), expected, 'rules that it is not about are not looked for with it');
  t.ok(packed.every(({ examples }) => examples.should_match.length > 0), 'every rule shows what it is for');
  writeFileSync(file.replace('.json', '.bin'), 'damaged');
  t.equal(loadBuiltinTables(file), undefined);
  writeFileSync(file, readFileSync(file, 'utf8').slice(0, 100));
  t.throws(() => loadBuiltinRules(file), { code: 'INTERNAL' });
  t.throws(() => loadBuiltinRules(join(file, 'absent')), { code: 'INTERNAL' });
});
