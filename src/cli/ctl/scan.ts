import type { Argv } from 'yargs';
import { callOnce } from '../../client/connection.js';
import { RaxedError } from '../../errors.js';
import { defineCommand } from '../command.js';
import type { Io } from '../io.js';
import { wantsColour, written } from '../io.js';
import type { RuleText } from '../explain.js';
import { explain, renderExplanations } from '../explain.js';
import { paint } from '../render.js';
import type { Cell, Paint } from '../render.js';
import { field, list, plain, table } from '../render.js';
import type { ScanTexts } from '../../scanner/verdict.js';
import { readAll } from '../text-input.js';
import type { CtlArgs } from './daemon-call.js';
import { connectionOptions, ctlOptions } from './daemon-call.js';

/** What a scan may be given on the command line, here and in `raxed scan`. */
export interface ScanArgs {
  readonly text: string | undefined;
  readonly response: string | undefined;
  readonly systemPrompt: string | undefined;
  readonly ragContext: string | undefined;
  readonly toolCalls: string | undefined;
  readonly mssp: string | undefined;
  readonly customer: string | undefined;
  readonly agent: string | undefined;
  readonly dryRun: boolean | undefined;
  readonly includeMatches: boolean | undefined;
  readonly explain: boolean | undefined;
}

/** The same, as the options are spelled. */
interface ScanOptions extends Omit<ScanArgs, 'text' | 'systemPrompt' | 'ragContext' | 'toolCalls' | 'dryRun' | 'includeMatches'> {
  readonly 'system-prompt': string | undefined;
  readonly 'rag-context': string | undefined;
  readonly 'tool-calls': string | undefined;
  readonly 'dry-run': boolean | undefined;
  readonly 'include-matches': boolean | undefined;
}

const THREAT_EXIT = 1;

export const TEXT = { name: 'text', required: false, describe: 'The prompt; - reads it from standard input' } as const;

export const command = defineCommand({
  positionals: [TEXT],
  examples: [
    ['$0 --mssp mssp_yourcompany --customer cust_acme "Ignore all previous instructions"', 'scans, and delivers a threat to this customer\'s SOC'],
    ['cat prompt.txt | $0 -', 'the text from standard input'],
  ],
  build: (parser) => ctlOptions(scanOptions(parser)),
  run: (args, io, [text]) => scanThroughDaemon({ ...args, text }, io),
});

export function scanOptions<T>(parser: Argv<T>): Argv<T & ScanOptions> {
  return parser
    .option('response', { type: 'string', requiresArg: true, describe: 'What the model answered' })
    .option('system-prompt', { type: 'string', requiresArg: true, describe: 'The operator\'s own instructions' })
    .option('rag-context', { type: 'string', requiresArg: true, describe: 'Retrieved documents' })
    .option('tool-calls', { type: 'string', requiresArg: true, describe: 'JSON: [{"name", "args", "result"?}]' })
    .option('mssp', { type: 'string', requiresArg: true, describe: 'For this MSSP\'s customer (with --customer)' })
    .option('customer', { type: 'string', requiresArg: true, describe: 'For this customer (with --mssp)' })
    .option('agent', { type: 'string', requiresArg: true, describe: 'In this agent\'s name' })
    .option('dry-run', { type: 'boolean', describe: 'Only the verdict: nothing is delivered' })
    .option('include-matches', { type: 'boolean', describe: 'Return the matched text' })
    .option('explain', { type: 'boolean', describe: 'Say of each detection which words it found, why that matters and what to do' });
}

/** Scans through the daemon; resolves with 1 for a threat. */
export async function scanThroughDaemon(args: ScanArgs & CtlArgs, io: Io): Promise<number> {
  const connection = connectionOptions(args, io);
  const texts = await textParams(args, io);
  const result = await callOnce('scan', {
    ...texts,
    entry_point: 'cli',
    ...(args.mssp === undefined ? {} : { mssp_id: args.mssp }),
    ...(args.customer === undefined ? {} : { customer_id: args.customer }),
    ...(args.agent === undefined ? {} : { agent_id: args.agent }),
    ...(args.dryRun === true ? { dry_run: true } : {}),
    ...(args.includeMatches === true ? { include_matches: true } : {}),
  }, connection);
  const explained = args.explain === true ? await explainedBy(result, texts, async () => ruleTexts(await callOnce('rules.list', {}, connection))) : result;
  return showVerdict(explained, args.json === true, io);
}

/** The verdict with its explanations; the rules are only asked for when there is something to explain. */
export async function explainedBy(verdict: object, texts: ScanTexts, rules: () => Promise<readonly RuleText[]>): Promise<object> {
  const explanations = list(field(verdict, 'detections')).length === 0 ? [] : explain(verdict, texts, await rules());
  return { ...verdict, explanations };
}

function ruleTexts(answer: object): readonly RuleText[] {
  const text = (rule: unknown, name: string): string => plain(field(rule, name));
  return list(field(answer, 'rules')).map((rule) => ({
    id: text(rule, 'id'), description: text(rule, 'description'), risk_explanation: text(rule, 'risk_explanation'), remediation_advice: text(rule, 'remediation_advice'),
  }));
}

/** The texts of the command line as scan parameters. Throws USAGE when there is none. */
export async function textParams(args: ScanArgs, io: Io): Promise<Record<string, unknown>> {
  const prompt = args.text === '-' ? await readAll(io.stdin) : args.text;
  const params = {
    ...(prompt === undefined ? {} : { prompt }),
    ...(args.response === undefined ? {} : { response: args.response }),
    ...(args.systemPrompt === undefined ? {} : { system_prompt: args.systemPrompt }),
    ...(args.ragContext === undefined ? {} : { rag_context: args.ragContext }),
    ...(args.toolCalls === undefined ? {} : { tool_calls: parseToolCalls(args.toolCalls) }),
  };
  if (Object.keys(params).length === 0) throw new RaxedError('USAGE', 'there is nothing to scan: give a text, or - for standard input');
  return params;
}

function parseToolCalls(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new RaxedError('USAGE', '--tool-calls takes JSON');
  }
}

/** Writes a verdict and resolves with the exit code. */
export async function showVerdict(verdict: object, json: boolean, io: Io): Promise<number> {
  await written(io.stdout, json ? `${JSON.stringify(verdict)}\n` : renderVerdict(verdict, paint(wantsColour(io))));
  return field(verdict, 'threat_detected') === true ? THREAT_EXIT : 0;
}

export function renderVerdict(verdict: object, style: Paint): string {
  const detections = list(field(verdict, 'detections'));
  const threat = field(verdict, 'threat_detected') === true;
  const ms = field(verdict, 'scan_duration_ms');
  const took = typeof ms === 'number' ? style.faint(`  ${ms.toFixed(2)} ms`) : '';
  const head = threat
    ? `${style.bad(`✗ THREAT  ${plain(field(verdict, 'highest_severity'))}`)}  action: ${plain(field(verdict, 'action_taken'))}${took}\n`
    : `${style.good(detections.length === 0 ? '✓ clean' : '✓ no threat')}${took}\n`;
  const rows = detections.map((detection): (string | Cell)[] => {
    const span = list(field(detection, 'span'));
    return [
      plain(field(detection, 'rule_id')), plain(field(detection, 'severity')), plain(field(detection, 'confidence')), plain(field(detection, 'family')),
      `${plain(field(detection, 'source'))} ${span.map(String).join('–')}`, plain(field(detection, 'name')),
    ];
  });
  const matches = list(field(verdict, 'matches'));
  return [
    head,
    ...(rows.length === 0 ? [] : ['\n', table(['RULE', 'SEVERITY', 'CONFIDENCE', 'FAMILY', 'WHERE', 'NAME'], rows, style)]),
    ...(matches.length === 0 ? [] : ['\n', ...matches.map((match) => `match: ${plain(match)}\n`)]),
    renderExplanations(list(field(verdict, 'explanations')), style),
    deliveryLine(verdict, style),
  ].join('');
}

function deliveryLine(verdict: object, style: Paint): string {
  const delivery = field(verdict, 'delivery');
  if (delivery === 'spooled') return `\n${style.good('✓')} stored for delivery as ${plain(field(verdict, 'event_id'))}\n`;
  if (delivery === 'rejected') return `\n${style.bad('✗ NOT delivered: the spool is full or cannot be written')}\n`;
  return '';
}
