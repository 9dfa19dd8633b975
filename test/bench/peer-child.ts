import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadBuiltinRules, loadBuiltinTables } from '../../src/scanner/builtin.js';
import { textsIn } from '../../src/scanner/channel.js';
import type { Channel } from '../../src/scanner/channel.js';
import { loadRe2 } from '../../src/scanner/re2.js';
import { compileRules } from '../../src/scanner/ruleset.js';
import { scan } from '../../src/scanner/scan.js';

/**
 * One scanner in a process of its own, so that it can be killed. Arguments: its name, the folder with `node_modules` and
 * `rules.json`. Each message is a `PeerTask`; each answer says whether it detected something and how long that took.
 */
export interface PeerTask {
  readonly text: string;
  readonly channel: Channel;
}

export interface PeerAnswer {
  readonly detected: boolean;
  readonly tookMs: number;
}

type Detects = (task: PeerTask) => boolean | Promise<boolean>;

/** Each as its README says to call it. */
const SCANNERS: Readonly<Record<string, (folder: string) => Promise<Detects>>> = {
  'raxed re2': async (folder) => raxed(folder, await loadRe2()),
  'raxed js': async (folder) => raxed(folder, undefined),
  'agent-threat-rules': async (folder) => {
    const { ATREngine } = await packageOf(folder, 'agent-threat-rules', 'dist/index.js');
    const engine = new ATREngine({ rulesDir: join(folder, 'node_modules/agent-threat-rules/rules'), lane: 'hunt' });
    await engine.loadRules();
    return ({ text }) => engine.evaluate({ type: 'llm_input', content: text, timestamp: new Date().toISOString() }).length > 0;
  },
  'llm_guardrail': async (folder) => {
    const { checkAll } = await packageOf(folder, 'llm_guardrail', 'index.js');
    return async ({ text }) => !(await checkAll(text)).allowed;
  },
  '@andersmyrmel/vard': async (folder) => {
    const { default: vard } = await packageOf(folder, '@andersmyrmel/vard', 'dist/index.js');
    return ({ text }) => {
      try {
        vard(text);
        return false;
      } catch {
        return true;
      }
    };
  },
  '@claude-flow/aidefence': async (folder) => {
    const { isSafe } = await packageOf(folder, '@claude-flow/aidefence', 'dist/index.js');
    return ({ text }) => !isSafe(text);
  },
};

async function raxed(folder: string, re2: Parameters<typeof compileRules>[2]): Promise<Detects> {
  const ruleset = compileRules(loadBuiltinRules(join(folder, 'rules.json')), { tables: loadBuiltinTables(join(folder, 'rules.json')) }, re2);
  ruleset.prepare();
  return ({ text, channel }) => scan(ruleset, textsIn(channel, text), { threatAt: 'medium', blockAt: null, scanResponses: true, suppressions: [], now: () => performance.now() }).threat_detected;
}

/** What a package exports; its types are not installed here. */
interface PeerPackage {
  readonly ATREngine: new (options: { rulesDir: string; lane: string }) => { loadRules(): Promise<unknown>; evaluate(event: object): readonly unknown[] };
  readonly checkAll: (text: string) => Promise<{ allowed: boolean }>;
  readonly isSafe: (text: string) => boolean;
  readonly default: (text: string) => string;
}

async function packageOf(folder: string, name: string, file: string): Promise<PeerPackage> {
  const loaded: PeerPackage = await import(pathToFileURL(join(folder, 'node_modules', name, file)).href);
  return loaded;
}

const [name = '', folder = ''] = process.argv.slice(2);
// Some write to the console for every text.
console.log = console.info = console.warn = () => undefined;
const detects = await SCANNERS[name]?.(folder);
if (detects === undefined) throw new Error(`there is no scanner ${name}`);
process.on('message', (task: PeerTask) => void (async () => {
  const startedAt = performance.now();
  const detected = await detects(task);
  const answer: PeerAnswer = { detected, tookMs: performance.now() - startedAt };
  process.send?.(answer);
})());
process.send?.('ready');
