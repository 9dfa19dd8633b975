import { CHANNEL_NAMES, channelsOf } from './channel.js';
import type { Channel } from './channel.js';
import { CHECKS } from './check-digit.js';
import { FAMILIES, SEVERITIES } from './verdict.js';
import type { Severity } from './verdict.js';
import { DEFAULT_CHANNELS, PATTERN_FLAGS } from './rule.js';
import type { PatternFlag, Rule, RulePattern } from './rule.js';

/** What became of one entry of a pack. `problems` are sentences that begin with the field. */
export interface ReadRule {
  readonly id: string | undefined;
  readonly rule: Rule | undefined;
  readonly problems: readonly string[];
}

const RULE_ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const MAX_PATTERNS = 64;
const MAX_TEXT_LENGTH = 4000;

/** The confidence of a rule that gives none. */
const DEFAULT_CONFIDENCE = 0.8;

/** Keys of the pack form. Others are refused, so that a misspelt `sources` is not silently without effect. */
const PACK_KEYS: ReadonlySet<string> = new Set([
  'version', 'rule_id', 'family', 'sub_family', 'name', 'description', 'severity', 'confidence', 'patterns', 'sources', 'severity_in', 'examples',
  'mitre_attack', 'owasp', 'metadata', 'risk_explanation', 'remediation_advice', 'docs_url', 'references', 'tags', 'metrics', 'rule_hash', 'enabled',
]);

/** Long and short names of flags; those without an entry in RE2 that change nothing here are dropped. */
const FLAG_NAMES: Readonly<Record<string, PatternFlag | 'none'>> = {
  IGNORECASE: 'IGNORECASE', I: 'IGNORECASE', MULTILINE: 'MULTILINE', M: 'MULTILINE', DOTALL: 'DOTALL', S: 'DOTALL',
  UNICODE: 'none', U: 'none', ASCII: 'none', A: 'none',
};

type Fields = Readonly<Record<string, unknown>>;

/**
 * Checks one entry of a pack: the pack form (`rule_id`, `name`, plain examples), or the form of the public
 * custom-rule guide (`id`, `metadata.name`, `examples.*[].input`), in which unknown keys are ignored.
 */
export function readRule(entry: unknown): ReadRule {
  if (!isFields(entry)) return { id: undefined, rule: undefined, problems: ['expected a mapping with rule_id, family, severity and patterns'] };
  const problems: string[] = [];
  const guideForm = entry['rule_id'] === undefined && entry['id'] !== undefined;
  const metadata = isFields(entry['metadata']) ? entry['metadata'] : {};
  const form = new FormReader(entry, problems);

  const idKey = guideForm ? 'id' : 'rule_id';
  const rawId = entry[idKey];
  const id = typeof rawId === 'string' && RULE_ID.test(rawId) ? rawId : undefined;
  if (id === undefined) problems.push(`${idKey}: expected 1 to 64 letters, digits, "_", "." or "-", the first a letter or a digit`);
  if (!guideForm) {
    for (const key of Object.keys(entry)) if (!PACK_KEYS.has(key)) problems.push(`${key}: unknown key`);
  }

  const fallbackText = (key: string): unknown => entry[key] ?? metadata[key];
  const sources = entry['sources'] === undefined ? undefined : [...new Set(form.listOf('sources', entry['sources'], CHANNEL_NAMES).flatMap(channelsOf))];
  const rule: Rule = {
    id: id ?? '',
    family: form.oneOf('family', entry['family'], FAMILIES, (word) => word.toUpperCase()) ?? 'CUSTOM',
    name: form.text('name', fallbackText('name')) ?? form.missing('name'),
    description: form.text('description', fallbackText('description')) ?? '',
    severity: form.oneOf('severity', entry['severity'], SEVERITIES, (word) => word.toLowerCase()) ?? 'none',
    confidence: form.fraction('confidence', entry['confidence'] ?? metadata['confidence']) ?? DEFAULT_CONFIDENCE,
    patterns: readPatterns(entry['patterns'], problems),
    sources,
    ...(entry['severity_in'] === undefined ? {} : { severity_in: readSeverities(entry['severity_in'], sources ?? DEFAULT_CHANNELS, problems) }),
    examples: readExamples(entry['examples'], problems),
    mitre_attack: form.texts('mitre_attack', entry['mitre_attack']),
    owasp: form.texts('owasp', entry['owasp']),
    risk_explanation: form.text('risk_explanation', fallbackText('risk_explanation')) ?? '',
    remediation_advice: form.text('remediation_advice', fallbackText('remediation_advice')) ?? '',
    version: form.text('version', entry['version'] ?? metadata['version']) ?? '1.0.0',
  };
  return { id, rule: problems.length === 0 ? rule : undefined, problems };
}

/** Reads fields of simple types and notes what does not fit. */
class FormReader {
  constructor(private readonly entry: Fields, private readonly problems: string[]) {}

  missing(key: string): string {
    if (this.entry[key] === undefined) this.problems.push(`${key}: is missing`);
    return '';
  }

  text(key: string, value: unknown): string | undefined {
    if (value === undefined || value === null) return undefined;
    // YAML reads `version: 1.0` as a number.
    const text = typeof value === 'number' ? String(value) : value;
    if (typeof text === 'string' && text.length <= MAX_TEXT_LENGTH) return text.trim();
    this.problems.push(`${key}: expected a text of at most ${MAX_TEXT_LENGTH} characters`);
    return '';
  }

  texts(key: string, value: unknown): readonly string[] {
    if (value === undefined || value === null) return [];
    const list: unknown[] = Array.isArray(value) ? value : [value];
    if (list.every((item) => typeof item === 'string')) return list;
    this.problems.push(`${key}: expected a list of texts`);
    return [];
  }

  fraction(key: string, value: unknown): number | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'number' && value >= 0 && value <= 1) return value;
    this.problems.push(`${key}: expected a number from 0 to 1`);
    return undefined;
  }

  oneOf<Word extends string>(key: string, value: unknown, words: readonly Word[], normal: (word: string) => string): Word | undefined {
    const word = typeof value === 'string' ? normal(value) : undefined;
    const found = words.find((candidate) => candidate === word);
    if (found === undefined) this.problems.push(`${key}: expected one of ${words.join(', ')}`);
    return found;
  }

  listOf<Word extends string>(key: string, value: unknown, words: readonly Word[]): readonly Word[] {
    const list: unknown[] = Array.isArray(value) ? value : [];
    const found = list.flatMap((item) => words.find((word) => word === item) ?? []);
    if (found.length > 0 && found.length === list.length) return found;
    this.problems.push(`${key}: expected a list of ${words.join(', ')}`);
    return [];
  }
}

function readSeverities(value: unknown, channels: readonly Channel[], problems: string[]): Partial<Record<Channel, Severity>> {
  const severities: Partial<Record<Channel, Severity>> = {};
  if (!isFields(value)) {
    problems.push('severity_in: expected a mapping of channels to severities, as in { prompt: low }');
    return severities;
  }
  for (const [key, word] of Object.entries(value)) {
    const name = CHANNEL_NAMES.find((known) => known === key);
    const severity = SEVERITIES.find((known) => typeof word === 'string' && known === word.toLowerCase());
    if (name === undefined || !channelsOf(name).every((channel) => channels.includes(channel))) problems.push(`severity_in.${key}: is not among the rule's sources, ${channels.join(', ')}`);
    else if (severity === undefined) problems.push(`severity_in.${key}: expected one of ${SEVERITIES.join(', ')}`);
    else for (const channel of channelsOf(name)) severities[channel] = severity;
  }
  return severities;
}

function readPatterns(value: unknown, problems: string[]): RulePattern[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_PATTERNS) {
    problems.push(`patterns: expected a list of 1 to ${MAX_PATTERNS} patterns`);
    return [];
  }
  return value.map((item: unknown, index) => {
    const where = `patterns[${index}]`;
    const fields: Fields = typeof item === 'string' ? { pattern: item } : isFields(item) ? item : {};
    const pattern = fields['pattern'];
    if (typeof pattern !== 'string' || pattern === '') problems.push(`${where}.pattern: expected a regular expression`);
    const validate = CHECKS.find((check) => check === fields['validate']);
    if (validate === undefined && fields['validate'] !== undefined) problems.push(`${where}.validate: expected one of ${CHECKS.join(', ')}`);
    return {
      pattern: typeof pattern === 'string' ? pattern : '',
      flags: readFlags(fields['flags'], `${where}.flags`, problems),
      ...(validate === undefined ? {} : { validate }),
    };
  });
}

function readFlags(value: unknown, where: string, problems: string[]): PatternFlag[] {
  if (value === undefined || value === null) return [];
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const found = new Set<PatternFlag>();
  for (const item of list) {
    const flag = typeof item === 'string' ? FLAG_NAMES[item.toUpperCase().replace(/^RE\./, '')] : undefined;
    if (flag === undefined) problems.push(`${where}: expected a list of ${PATTERN_FLAGS.join(', ')}`);
    else if (flag !== 'none') found.add(flag);
  }
  return PATTERN_FLAGS.filter((flag) => found.has(flag));
}

function readExamples(value: unknown, problems: string[]): Rule['examples'] {
  if (value === undefined || value === null) return { should_match: [], should_not_match: [] };
  if (!isFields(value)) {
    problems.push('examples: expected should_match and should_not_match');
    return { should_match: [], should_not_match: [] };
  }
  for (const key of Object.keys(value)) {
    if (key !== 'should_match' && key !== 'should_not_match') problems.push(`examples.${key}: unknown key`);
  }
  const read = (key: string): string[] => {
    const list: unknown = value[key] ?? [];
    if (!Array.isArray(list)) {
      problems.push(`examples.${key}: expected a list of texts`);
      return [];
    }
    return list.map((item: unknown, index) => {
      const text = isFields(item) ? item['input'] : item;
      if (typeof text === 'string') return text;
      problems.push(`examples.${key}[${index}]: expected a text`);
      return '';
    });
  };
  return { should_match: read('should_match'), should_not_match: read('should_not_match') };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
