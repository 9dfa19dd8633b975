import { performance } from 'node:perf_hooks';
import { parseJson } from '../control/protocol.js';
import type { ScanParams } from '../control/methods/scan.js';
import { parseScanParams, scanTexts } from '../control/methods/scan.js';
import { RaxedError } from '../errors.js';
import { promptHash, promptLength } from '../event/event.js';
import { matchedTexts } from '../event/privacy.js';
import type { Model } from '../model/model.js';
import { readModel } from '../model/model.js';
import { loadBuiltinRules, loadBuiltinTables, loadBuiltinWeights } from '../scanner/builtin.js';
import { loadRe2 } from '../scanner/re2.js';
import type { Ruleset } from '../scanner/ruleset.js';
import { compileRules } from '../scanner/ruleset.js';
import { scan } from '../scanner/scan.js';
import type { Verdict } from '../scanner/verdict.js';
import type { ScanArgs } from './ctl/scan.js';
import { explainedBy, showVerdict, textParams } from './ctl/scan.js';
import type { Io } from './io.js';
import { written } from './io.js';
import type { Line } from './text-input.js';
import { readAll, readFileBytes, readLines } from './text-input.js';

export interface LocalScanArgs extends ScanArgs {
  readonly file: string | undefined;
  readonly jsonl: string | undefined;
  readonly json: boolean | undefined;
}

/** What a daemon would answer, without an event. */
interface LocalVerdict extends Verdict {
  readonly prompt_hash?: string;
  readonly prompt_length?: number;
  readonly delivery: 'none';
  readonly matches?: readonly string[];
}

const BAD_LINE_EXIT = 2;
const THREAT_EXIT = 1;

/** `raxed scan` without a daemon: the built-in rules and model, in this process. Resolves with the exit code. */
export async function scanLocally(args: LocalScanArgs, io: Io): Promise<number> {
  if ([args.text, args.file, args.jsonl].filter((input) => input !== undefined).length > 1) throw new RaxedError('USAGE', 'give one of TEXT, --file and --jsonl');
  if (args.jsonl !== undefined && args.explain === true) throw new RaxedError('USAGE', '--explain goes without --jsonl');
  if (args.jsonl !== undefined) return scanLines(args.jsonl === '-' ? io.stdin : readFileBytes(args.jsonl), io);
  const params = args.file === undefined
    ? await textParams(args, io)
    : await textParams({ ...args, text: await readAll(args.file === '-' ? io.stdin : readFileBytes(args.file)) }, io);
  const parsed = parseScanParams({ ...params, ...(args.includeMatches === true ? { include_matches: true } : {}) });
  const detector = await builtinDetector();
  const verdict = judge(detector, parsed);
  return showVerdict(args.explain === true ? await explainedBy(verdict, scanTexts(parsed), async () => detector.ruleset.rules) : verdict, args.json === true, io);
}

/** One verdict a line, in order; a bad line gives an error in its place. Stops quietly when nobody reads any more. */
async function scanLines(input: AsyncIterable<string | Uint8Array>, io: Io): Promise<number> {
  const detector = await builtinDetector();
  let number = 0;
  let code = 0;
  for await (const line of readLines(input)) {
    number++;
    if ('text' in line && line.text.trim() === '') continue;
    const { answer, exit } = answerLine(line, number, detector);
    code = Math.max(code, exit);
    if (!await written(io.stdout, `${JSON.stringify(answer)}\n`)) break;
  }
  return code;
}

function answerLine(line: Line, number: number, detector: Detector): { readonly answer: object; readonly exit: number } {
  try {
    if ('problem' in line) throw new RaxedError(line.problem, line.message);
    const verdict = judge(detector, parseScanParams(withPrompt(parseJson(line.text))));
    return { answer: verdict, exit: verdict.threat_detected ? THREAT_EXIT : 0 };
  } catch (error) {
    const known = error instanceof RaxedError ? error : new RaxedError('SCAN_FAILED', 'the line could not be scanned', { cause: error });
    return { answer: { error: { code: known.code, message: known.message, line: number } }, exit: BAD_LINE_EXIT };
  }
}

/** In a line, `text` is short for `prompt`. */
function withPrompt(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, 'text')) return value;
  if (Object.hasOwn(value, 'prompt')) throw new RaxedError('BAD_REQUEST', 'give text or prompt, not both');
  const { text, ...rest } = value as { readonly text: unknown };
  return { ...rest, prompt: text };
}

interface Detector {
  readonly ruleset: Ruleset;
  readonly model: Model | undefined;
}

async function builtinDetector(): Promise<Detector> {
  const weights = loadBuiltinWeights();
  return { ruleset: compileRules(loadBuiltinRules(), { tables: loadBuiltinTables() }, await loadRe2()), model: weights === undefined ? undefined : readModel(weights) };
}

function judge({ ruleset, model }: Detector, params: ScanParams): LocalVerdict {
  const texts = scanTexts(params);
  // Who gives a response here wants it looked at; what a daemon does with responses is its configuration's.
  const verdict = scan(ruleset, texts, { model, threatAt: 'medium', blockAt: null, scanResponses: true, suppressions: [], now: () => performance.now() });
  return {
    ...verdict,
    ...(texts.prompt === undefined ? {} : { prompt_hash: promptHash(texts.prompt), prompt_length: promptLength(texts.prompt) }),
    delivery: 'none',
    ...(params.include_matches === true ? { matches: matchedTexts({ texts, verdict }) } : {}),
  };
}
