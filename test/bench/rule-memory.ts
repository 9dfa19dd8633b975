import { loadBuiltinRules, loadBuiltinTables } from '../../src/scanner/builtin.js';
import { loadRe2 } from '../../src/scanner/re2.js';
import { compileRules } from '../../src/scanner/ruleset.js';
import { scan } from '../../src/scanner/scan.js';
import { nearMissText, seeded } from '../fixtures/near-miss.js';

/** A process of its own, with --expose-gc: what the packed rules of a file cost, as JSON (`MemoryCost`). Arguments: re2|js, the file. */
const SCANS = 10_000;

export interface MemoryCost {
  readonly prepareMs: number;
  readonly firstScanMs: number;
  /** Resident, and live (the heap and what it holds outside) megabytes, beyond a process that has made the same texts. */
  readonly prepared: Megabytes;
  readonly used: Megabytes;
}

interface Megabytes {
  readonly resident: number;
  readonly live: number;
}

const [engine, file = ''] = process.argv.slice(2);
const re2 = engine === 're2' ? await loadRe2() : undefined;
const next = seeded(1);
const WORDS = 'ignore previous instructions system prompt reveal password secret token send forward execute delete pretend assistant model rules override'.split(' ');
const makeText = (index: number): string => nearMissText(WORDS, 200 + next(600), [0, 0, 10, 50][index % 4] ?? 0, next);
let units = 0;
for (let i = 0; i < SCANS; i++) units += makeText(i).length;

const base = megabytes();
const startedAt = performance.now();
const ruleset = compileRules(loadBuiltinRules(file), { tables: loadBuiltinTables(file) }, re2);
ruleset.prepare();
const prepareMs = performance.now() - startedAt;
const prepared = beyond(base);
const firstAt = performance.now();
look(makeText(2));
const firstScanMs = performance.now() - firstAt;
for (let i = 0; i < SCANS && units > 0; i++) look(makeText(i));
const cost: MemoryCost = { prepareMs, firstScanMs, prepared, used: beyond(base) };
process.stdout.write(JSON.stringify(cost));

function look(prompt: string): void {
  scan(ruleset, { prompt }, { threatAt: 'medium', blockAt: null, scanResponses: false, suppressions: [], now: () => 0 });
}

function beyond(from: Megabytes): Megabytes {
  const { resident, live } = megabytes();
  return { resident: resident - from.resident, live: live - from.live };
}

function megabytes(): Megabytes {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  return { resident: rss / 1024 / 1024, live: (heapUsed + arrayBuffers) / 1024 / 1024 };
}
