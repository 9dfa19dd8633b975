import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadRulesDirs } from '../../src/scanner/builtin.js';
import { CHANNELS, textsIn } from '../../src/scanner/channel.js';
import type { Channel } from '../../src/scanner/channel.js';
import { loadRe2 } from '../../src/scanner/re2.js';
import { compileRules } from '../../src/scanner/ruleset.js';
import { scan } from '../../src/scanner/scan.js';
import { SEVERITIES, severityRank } from '../../src/scanner/verdict.js';
import type { Verdict } from '../../src/scanner/verdict.js';
import { shippedModel } from './shipped-model.js';
import { falsePositiveRate, Tally, truePositiveRate } from './tally.js';
import type { LabelledText } from './texts.js';
import { readTexts } from './texts.js';

const USAGE = `npm run eval -- --data DIR [options]: how well the detector does on labelled texts.

  --data DIR       a folder of *.jsonl or *.jsonl.gz: one {"text", "label": 0|1, "family", "lang"} a line, a file a source
  --at SEVERITY    what counts as detected (medium): ${SEVERITIES.slice(1).join(', ')}
  --channel NAME   scan every text as this: ${CHANNELS.join(', ')}
                   (else by family: RAG as rag_context, TOOL as tool_results, the rest as prompt)
  --layer NAME     l1 (the rules), l2 (the model) or both (the default). Sources that the model was trained on are marked
                   with * where it takes part, and count in no other figure
  --only NAMES     only these sources, separated by commas
  --show fn|fp     list what was missed, or wrongly detected, instead of the tables
  --family NAME    with --show: only texts of this family
  --rule ID        with --show fp: only what this rule fires on
  --limit N        with --show: at most so many texts a source (20)
  --engine js      without RE2
  --json           the figures as one JSON document
`;

/** What these sources call an attack is no injection but a class of its own: not part of the macro figures. */
const OWN_CLASSES = /^(hc_requests|cyberseceval_interpreter|redcode|cmd_payloads|pii_presidio|secrets_gitleaks)$/;
const SHOWN_CHARACTERS = 300;

const { values } = parseArgs({ options: {
  data: { type: 'string' }, at: { type: 'string', default: 'medium' }, channel: { type: 'string' }, only: { type: 'string' }, show: { type: 'string' }, family: { type: 'string' },
  rule: { type: 'string' }, limit: { type: 'string', default: '20' }, engine: { type: 'string' }, layer: { type: 'string', default: 'both' }, json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h' },
} });
if (values.help === true) {
  process.stdout.write(USAGE);
  process.exit(0);
}
if (values.data === undefined || !existsSync(values.data)) {
  process.stderr.write(`${USAGE}\nThere is no folder of labelled texts${values.data === undefined ? ': say --data DIR' : ` at ${values.data}`}. raxed ships none, since their licences differ;\nany collection in the form above will do (public ones: garak, AgentDojo, spikee, PurpleLlama's CyberSecEval).\n`);
  process.exit(2);
}
const at = oneOf(values.at, SEVERITIES, '--at');
const channel = values.channel === undefined ? undefined : oneOf(values.channel, CHANNELS, '--channel');
if (values.show !== undefined) oneOf(values.show, ['fn', 'fp'] as const, '--show');

const layer = oneOf(values.layer, ['l1', 'l2', 'both'] as const, '--layer');
const shipped = layer === 'l1' ? undefined : shippedModel();
if (layer !== 'l1' && shipped === undefined) {
  process.stderr.write('There is no model in src/model: make one with `npm run train`, or say --layer l1.\n');
  process.exit(2);
}

const rules = layer === 'l2' ? [] : await loadRulesDirs([join(import.meta.dirname, '../../src/scanner/rules')]);
const ruleset = compileRules(rules, {}, values.engine === 'js' ? undefined : await loadRe2());
const bySource = new Tally();
const byFamily = new Tally();
const byLanguage = new Tally();
const byChannel = new Tally();
const byRule = new Tally();
const only = values.only?.split(',');
const seen = new Set<string>();
const shown = new Map<string, number>();
let texts = 0;
let spentMs = 0;

for (const each of readTexts(values.data)) {
  if (only !== undefined && !only.includes(each.source)) continue;
  const where = channel ?? each.channel;
  const startedAt = performance.now();
  const verdict = judge(each.text, where);
  spentMs += performance.now() - startedAt;
  texts++;
  if (values.show !== undefined) {
    show(each, verdict);
    continue;
  }
  const { threat_detected: detected } = verdict;
  bySource.add(each.source, each.attack, detected);
  if (shipped?.isTrainedOn(each.source, each.sha256) === true) {
    seen.add(each.source);
    continue;
  }
  byFamily.add(each.family, each.attack, detected);
  byLanguage.add(each.lang, each.attack, detected);
  byChannel.add(where, each.attack, detected);
  for (const id of new Set(verdict.detections.filter(({ severity }) => severityRank(severity) >= severityRank(at)).map(({ rule_id: rule }) => rule))) byRule.add(id, each.attack, true);
}
if (texts === 0) {
  process.stderr.write(`${values.data} holds no texts${only === undefined ? '' : ` of ${only.join(', ')}: a source is the name of a file without .jsonl`}.\n`);
  process.exit(2);
}
if (values.show === undefined) report();

function judge(text: string, where: Channel): Verdict {
  return scan(ruleset, textsIn(where, text), { model: shipped?.model, threatAt: at, blockAt: null, scanResponses: true, suppressions: [], now: () => performance.now() });
}

function report(): void {
  const macro = bySource.macro((source) => !OWN_CLASSES.test(source) && !seen.has(source));
  const rate = Math.round(texts / (spentMs / 1000));
  if (values.json) {
    const groups = (tally: Tally): Record<string, unknown> => Object.fromEntries(tally.groups);
    process.stdout.write(`${JSON.stringify({ at, layer, engine: ruleset.engine, rules: rules.length, ...(shipped === undefined ? {} : { model_version: shipped.model.version, trained_on: [...seen] }), texts, texts_per_second: rate, macro, sources: groups(bySource), families: groups(byFamily), languages: groups(byLanguage), channels: groups(byChannel), rules_fired: groups(byRule) })}\n`);
    return;
  }
  table('SOURCE', bySource);
  table('FAMILY', byFamily);
  table('LANGUAGE', byLanguage);
  table('CHANNEL', byChannel);
  const noisy = [...byRule.groups].filter(([, { alarms }]) => alarms > 0).sort(([, a], [, b]) => b.alarms - a.alarms).slice(0, 25);
  process.stdout.write(`\n${'RULE'.padEnd(28)}   RIGHT   WRONG\n${noisy.map(([id, { found, alarms }]) => `${id.padEnd(28)} ${String(found).padStart(7)} ${String(alarms).padStart(7)}\n`).join('')}`);
  process.stdout.write(`\n${rules.length} rules, ${ruleset.engine}, ${shipped === undefined ? 'no model' : `model ${shipped.model.version}`}, ${texts} texts, ${rate} texts/s; detected means ${at} or more\n`);
  if (seen.size > 0) process.stdout.write(`* the model was trained on ${seen.size} of ${bySource.groups.size} sources: they are in no other figure; --layer l1 measures the rules alone on them\n`);
  process.stdout.write(`macro over sources, without those of a class of their own: TPR ${percent(macro.tpr)}, FPR ${percent(macro.fpr)} (worst source ${percent(macro.worst)})\n`);
}

function table(title: string, tally: Tally): void {
  process.stdout.write(`\n${title.padEnd(28)} ATTACKS     TPR  BENIGN     FPR\n`);
  for (const [group, count] of [...tally.groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const tpr = count.attacks === 0 ? '' : percent(truePositiveRate(count));
    const fpr = count.benign === 0 ? '' : percent(falsePositiveRate(count));
    process.stdout.write(`${(seen.has(group) ? `${group} *` : group).padEnd(28)} ${String(count.attacks).padStart(7)} ${tpr.padStart(7)} ${String(count.benign).padStart(7)} ${fpr.padStart(7)}\n`);
  }
}

function show({ attack, family, source, lang, text }: LabelledText, verdict: Verdict): void {
  const wanted = values.show === 'fn' ? attack && !verdict.threat_detected : !attack && verdict.threat_detected;
  const hits = verdict.detections.filter(({ severity }) => severityRank(severity) >= severityRank(at));
  if (!wanted || (values.family !== undefined && family !== values.family) || (values.rule !== undefined && !hits.some(({ rule_id: id }) => id === values.rule))) return;
  const count = (shown.get(source) ?? 0) + 1;
  shown.set(source, count);
  if (count > Number(values.limit)) return;
  const first = hits[0]?.span ?? [0, 0];
  const from = Math.max(0, first[0] - SHOWN_CHARACTERS / 3);
  process.stdout.write(`${source} ${family} ${lang} ${hits.map(({ rule_id: id, severity, span }) => `${id}/${severity} ${JSON.stringify(text.slice(span[0], Math.min(span[1], span[0] + 80)))}`).join(' ')}\n    ${JSON.stringify(text.slice(from, from + SHOWN_CHARACTERS))}\n`);
}

function percent(rate: number): string {
  return Number.isNaN(rate) ? '–' : `${(rate * 100).toFixed(2)} %`;
}

function oneOf<T extends string>(value: string, allowed: readonly T[], option: string): T {
  const found = allowed.find((each) => each === value);
  if (found !== undefined) return found;
  process.stderr.write(`${option} is one of ${allowed.join(', ')}\n`);
  process.exit(2);
}
