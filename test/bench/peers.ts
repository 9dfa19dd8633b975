import { fork, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeBuiltinRules } from '../../src/scanner/builtin.js';
import { Tally } from '../eval/tally.js';
import { readTexts } from '../eval/texts.js';
import type { LabelledText } from '../eval/texts.js';
import { seeded } from '../fixtures/near-miss.js';
import { hostileTexts } from './hostile-texts.js';
import type { PeerAnswer, PeerTask } from './peer-child.js';
import { everydayTexts, shuffled } from './sample-texts.js';

/** Side by side with npm packages that scan prompts too, installed into a temporary folder: rates, speed and the worst of hostile texts. */
const PACKAGES = ['agent-threat-rules', 'llm_guardrail', '@andersmyrmel/vard', '@claude-flow/aidefence'] as const;
const INSTALL_LIMIT_MS = 180_000;
const START_LIMIT_MS = 60_000;
/** Of each source so many attacks and so many harmless texts. */
const SAMPLE = 20;
const SPEED_TEXTS = 400;
const SPEED_LIMIT_MS = 10_000;
/** For the rates of one package: what it does not get to is left out. */
const RATES_LIMIT_MS = 45_000;
const TEXT_LIMIT_MS = 15_000;
const HOSTILE_LENGTH = 100_000;
const HOSTILE = ['one character', 'braces', '../', 'near-miss words', 'base64', 'combining marks'];
/** What these sources call an attack is no injection but a class of its own, as in `npm run eval`. */
const OWN_CLASSES = /^(hc_requests|cyberseceval_interpreter|redcode|cmd_payloads|pii_presidio|secrets_gitleaks)$/;
const WORDS = ['ignore', 'previous', 'instructions', 'system', 'prompt', 'reveal', 'disregard', 'password', 'pretend', 'jailbreak', 'unrestricted', 'developer', 'override', 'base64'];

export async function run({ data }: { readonly data: string | undefined }): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'raxed-peers-'));
  try {
    await writeBuiltinRules(join(import.meta.dirname, '../../src/scanner/rules'), join(folder, 'rules.json'));
    writeFileSync(join(folder, 'package.json'), '{"private":true}');
    const installed = PACKAGES.filter((name) => isInstalled(folder, name));
    const labelled = data === undefined ? [] : sample(data);
    process.stdout.write(data === undefined ? 'without --data DIR: no rates, and sentences of common words\n' : `${labelled.length} texts\n`);
    const short = everydayTexts(data, 100, SPEED_TEXTS);
    const hostile = hostileTexts(WORDS).filter(([kind]) => HOSTILE.includes(kind));
    for (const name of ['raxed re2', 'raxed js', ...installed]) {
      const peer = new Peer(name, folder);
      try {
        const speed = await textsPerSecond(peer, short);
        const rates = await accuracy(peer, labelled);
        const worst: [string, number][] = [];
        for (const [kind, make] of hostile) {
          const task: PeerTask = { text: make(HOSTILE_LENGTH), channel: 'prompt' };
          // The first time is to warm up.
          const first = await peer.judge(task);
          worst.push([kind, (first === undefined ? undefined : await peer.judge(task))?.tookMs ?? Infinity]);
          if (first === undefined) break;
        }
        const [kind, tookMs] = worst.reduce((a, b) => (b[1] > a[1] ? b : a));
        process.stdout.write(`${name.padEnd(26)} ${rates}${speed.toFixed(0).padStart(7)} texts/s of 100   worst 100 KB: ${tookMs === Infinity ? `> ${TEXT_LIMIT_MS / 1000} s` : `${tookMs.toFixed(0)} ms`} (${kind})\n`);
      } catch (error) {
        process.stdout.write(`${name.padEnd(26)} could not be run: ${error instanceof Error ? error.message : 'it failed'}\n`);
      } finally {
        peer.close();
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function isInstalled(folder: string, name: string): boolean {
  const done = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', name], { cwd: folder, encoding: 'utf8', timeout: INSTALL_LIMIT_MS });
  if (done.status !== 0) process.stdout.write(`${name.padEnd(26)} could not be installed: ${done.stderr.trim().split('\n').at(-1) ?? 'npm failed'}\n`);
  return done.status === 0;
}

/** As many attacks as harmless texts of each source that has enough, the same ones every time. */
function sample(folder: string): LabelledText[] {
  const byKind = new Map<string, LabelledText[]>();
  for (const each of readTexts(folder)) {
    if (OWN_CLASSES.test(each.source)) continue;
    const key = `${each.source} ${each.attack}`;
    byKind.set(key, [...(byKind.get(key) ?? []).slice(-5000), each]);
  }
  const next = seeded(11);
  return shuffled([...byKind.values()].flatMap((texts) => shuffled(texts, next).slice(0, SAMPLE)), next);
}

async function textsPerSecond(peer: Peer, short: readonly string[]): Promise<number> {
  let spentMs = 0;
  let done = 0;
  for (const text of [...short, ...short]) {
    const answer = await peer.judge({ text, channel: 'prompt' });
    // The first half is to warm up.
    if (++done > short.length) spentMs += answer?.tookMs ?? TEXT_LIMIT_MS;
    if (spentMs > SPEED_LIMIT_MS) break;
  }
  return (1000 * (done - short.length)) / spentMs;
}

async function accuracy(peer: Peer, labelled: readonly LabelledText[]): Promise<string> {
  if (labelled.length === 0) return '';
  const tally = new Tally();
  const endsAt = performance.now() + RATES_LIMIT_MS;
  let judged = 0;
  for (const { text, source, attack, channel } of labelled) {
    tally.add(source, attack, (await peer.judge({ text, channel }))?.detected === true);
    judged++;
    if (performance.now() > endsAt) break;
  }
  const { tpr, fpr } = tally.macro();
  return `TPR ${tpr.toFixed(3)}  FPR ${fpr.toFixed(3)}${judged < labelled.length ? ` (${judged} texts)` : ''}  `;
}

/** A scanner in a process, which is started again after a text that took it too long. */
class Peer {
  private child: ChildProcess | undefined;

  constructor(private readonly name: string, private readonly folder: string) {}

  /** Undefined: it took longer than the limit, or died of it. */
  async judge(task: PeerTask): Promise<PeerAnswer | undefined> {
    const child = this.child ??= await this.start();
    const answer = await new Promise<PeerAnswer | undefined>((resolve) => {
      const finish = (given?: PeerAnswer): void => {
        clearTimeout(timer);
        child.off('message', answered);
        child.off('exit', exited);
        resolve(given);
      };
      const answered = (given: PeerAnswer): void => { finish(given); };
      const exited = (): void => { finish(); };
      const timer = setTimeout(finish, TEXT_LIMIT_MS);
      child.on('message', answered);
      child.on('exit', exited);
      child.send(task);
    });
    if (answer === undefined) this.close();
    return answer;
  }

  close(): void {
    this.child?.kill('SIGKILL');
    this.child = undefined;
  }

  private async start(): Promise<ChildProcess> {
    const child = fork(join(import.meta.dirname, 'peer-child.ts'), [this.name, this.folder], { execArgv: ['--import', 'tsx'], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    const [said]: unknown[] = await Promise.race([once(child, 'message', { signal: AbortSignal.timeout(START_LIMIT_MS) }), once(child, 'exit')]);
    if (said !== 'ready') throw new Error('it ended before it was ready');
    return child;
  }
}
