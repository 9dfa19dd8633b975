import { pathToFileURL } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { describeError, errnoOf, RaxedError } from '../errors.js';
import { builtFile } from '../platform/built-files.js';
import { readModel } from '../model/model.js';
import { loadRe2 } from './re2.js';
import type { PackedTables } from './prefilter-tables.js';
import type { Rule } from './rule.js';
import { compileRules } from './ruleset.js';
import type { Ruleset } from './ruleset.js';
import { scan, unscannedVerdict } from './scan.js';
import type { ScanPolicy } from './scan.js';
import type { ScanTexts, Verdict } from './verdict.js';

export interface ScannerOptions {
  /** Of the model; undefined: none is asked. */
  readonly weights?: Uint8Array | undefined;
  /** Monotonic milliseconds, for durations. */
  readonly now: () => number;
  /** Milliseconds since the epoch; without it no suppression has expired. */
  readonly epochNow?: (() => number) | undefined;
  /** After so long a scan stops where it is, waiting for its turn not counted; 10,000 unless told. */
  readonly deadlineMs?: number | undefined;
  /** Texts of more UTF-16 units than this in all go to the worker thread; 65,536 unless told. */
  readonly longTextUnits?: number | undefined;
  /** The program of the worker thread: this file, as built (`dist/worker.mjs`) unless told. */
  readonly workerUrl?: URL | undefined;
}

export interface Scanner {
  /** The version of the model; undefined: there is none. */
  readonly modelVersion: string | undefined;
  /** A scan that takes too long, or too much memory, gives a verdict that says so. Rejects with `RaxedError('SCAN_FAILED')` when it failed or its thread died. */
  scan(texts: ScanTexts, policy: ScanPolicy): Promise<Verdict>;
  /** Ends the worker thread; scans that it has not done reject. Safe twice. */
  close(): Promise<void>;
  /** For a scanner that was replaced: what those who still hold it ask is answered; idle, it has no thread. */
  retire(): void;
}

/** What the worker thread is started with: a ruleset and a model cannot be sent, but made again. */
interface WorkerStart {
  readonly role: typeof ROLE;
  readonly rules: readonly Rule[];
  readonly tables: PackedTables | undefined;
  readonly engine: 're2' | 'js';
  readonly weights: Uint8Array | undefined;
}

interface WorkerTask {
  readonly texts: ScanTexts;
  /** The suppressions are those in force. */
  readonly policy: ScanPolicy;
  readonly deadlineMs: number;
}

type WorkerAnswer = { readonly verdict: Verdict } | { readonly error: string };

const ROLE = 'raxed scanner';
const DEADLINE_MS = 10_000;
/** A hostile text of this length holds the calling thread up for some tens of milliseconds at most. */
const LONG_TEXT_UNITS = 64 * 1024;
/** A thread that is stuck in one look at a text notices no deadline: after so many times of it the thread is ended. */
const PATIENCE = 2;
/** The worker's own heap: a runaway there must not take the daemon with it. */
const WORKER_HEAP_MB = 256;

/**
 * Scans short texts at once on the calling thread, and long ones one after another in a worker thread that is started
 * when the first of them comes, does not keep the process alive, and is replaced when a scan goes on far beyond its deadline.
 */
export function createScanner(ruleset: Ruleset, options: ScannerOptions): Scanner {
  const longTextUnits = options.longTextUnits ?? LONG_TEXT_UNITS;
  const deadlineMs = options.deadlineMs ?? DEADLINE_MS;
  const thread = new ScanThread(ruleset, { ...options, deadlineMs });
  const { weights, now, epochNow } = options;
  const model = weights === undefined ? undefined : readModel(weights);
  return {
    modelVersion: model?.version,
    async scan(texts, policy) {
      return unitsOf(texts) > longTextUnits ? thread.scan(texts, policy) : scan(ruleset, texts, { ...policy, model, now, epochNow, deadlineMs });
    },
    close: () => thread.close(),
    retire: () => { thread.retire(); },
  };
}

class ScanThread {
  private worker: Worker | undefined;
  private last: Promise<unknown> = Promise.resolve();
  private closed = false;
  private retired = false;
  private waiting = 0;
  private abandon: ((error: RaxedError) => void) | undefined;

  constructor(private readonly ruleset: Ruleset, private readonly options: ScannerOptions & { readonly deadlineMs: number }) {}

  scan(texts: ScanTexts, policy: ScanPolicy): Promise<Verdict> {
    this.waiting++;
    const result = this.last.then(() => this.run(texts, policy));
    this.last = result.catch(() => undefined).then(() => { this.waiting--; this.rest(); });
    return result;
  }

  retire(): void {
    this.retired = true;
    this.rest();
  }

  private rest(): void {
    if (!this.retired || this.waiting > 0) return;
    const { worker } = this;
    this.worker = undefined;
    void worker?.terminate();
  }

  async close(): Promise<void> {
    this.closed = true;
    this.abandon?.(new RaxedError('SCAN_FAILED', 'the scanner was closed'));
    const { worker } = this;
    this.worker = undefined;
    await worker?.terminate();
  }

  private run(texts: ScanTexts, policy: ScanPolicy): Promise<Verdict> {
    if (this.closed) return Promise.reject(new RaxedError('SCAN_FAILED', 'the scanner was closed'));
    const { epochNow, now, deadlineMs } = this.options;
    const worker = this.worker ??= this.start();
    const startedAt = now();
    return new Promise<Verdict>((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.abandon = undefined;
        worker.off('message', answered);
        worker.off('error', failed);
        worker.off('exit', exited);
        worker.unref();
      };
      const giveUp = (): void => {
        finish();
        if (this.worker === worker) this.worker = undefined;
        // What it is still doing is of no use to anybody.
        void worker.terminate();
      };
      const fail = (error: RaxedError): void => {
        giveUp();
        reject(error);
      };
      const answered = (answer: WorkerAnswer): void => {
        finish();
        if ('error' in answer) {
          reject(new RaxedError('SCAN_FAILED', `the scan failed: ${answer.error}`));
          return;
        }
        resolve(answer.verdict);
      };
      const leaveUnscanned = (): void => {
        giveUp();
        resolve(unscannedVerdict(texts, { ...policy, now, epochNow }, Math.max(0, now() - startedAt)));
      };
      const failed = (cause: Error): void => {
        // A text that takes too much room is as good a way not to be scanned as one that takes too much time.
        if (errnoOf(cause) === 'ERR_WORKER_OUT_OF_MEMORY') leaveUnscanned();
        else fail(new RaxedError('SCAN_FAILED', 'the scanner thread failed', { cause }));
      };
      const exited = (): void => fail(new RaxedError('SCAN_FAILED', 'the scanner thread ended'));
      const timer = setTimeout(leaveUnscanned, PATIENCE * deadlineMs);
      this.abandon = fail;
      worker.on('message', answered);
      worker.on('error', failed);
      worker.on('exit', exited);
      worker.ref();
      const epochMs = epochNow?.();
      const suppressions = policy.suppressions.filter(({ until }) => until === undefined || epochMs === undefined || epochMs < until).map(({ rule }) => ({ rule }));
      const task: WorkerTask = { texts, policy: { ...policy, suppressions }, deadlineMs };
      worker.postMessage(task);
    });
  }

  private start(): Worker {
    const data: WorkerStart = { role: ROLE, rules: this.ruleset.rules, tables: this.ruleset.tables, engine: this.ruleset.engine, weights: this.options.weights };
    const worker = new Worker(this.options.workerUrl ?? pathToFileURL(builtFile('worker.mjs')), { workerData: data, resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB } });
    // An error between scans must not become the process's own; the next scan starts another thread.
    worker.on('error', () => {
      if (this.worker === worker) this.worker = undefined;
    });
    worker.on('exit', () => {
      if (this.worker === worker) this.worker = undefined;
    });
    worker.unref();
    return worker;
  }
}

function unitsOf(texts: ScanTexts): number {
  const { prompt = '', response = '', system_prompt: systemPrompt = '', rag_context: ragContext = '', tool_calls: toolCalls } = texts;
  return prompt.length + response.length + systemPrompt.length + ragContext.length + (toolCalls === undefined ? 0 : JSON.stringify(toolCalls).length);
}

/** The worker thread's side: the ruleset is made once, then each message is a scan. */
async function serve(start: WorkerStart): Promise<void> {
  const ruleset = compileRules(start.rules, { engine: start.engine, tables: start.tables }, start.engine === 're2' ? await loadRe2() : undefined);
  const model = start.weights === undefined ? undefined : readModel(start.weights);
  parentPort?.on('message', ({ texts, policy, deadlineMs }: WorkerTask) => {
    let answer: WorkerAnswer;
    try {
      answer = { verdict: scan(ruleset, texts, { ...policy, model, deadlineMs, now: () => performance.now() }) };
    } catch (error) {
      answer = { error: describeError(error) };
    }
    parentPort?.postMessage(answer);
  });
}

function isWorkerStart(data: unknown): data is WorkerStart {
  return typeof data === 'object' && data !== null && 'role' in data && data.role === ROLE;
}

if (!isMainThread && isWorkerStart(workerData)) void serve(workerData);
