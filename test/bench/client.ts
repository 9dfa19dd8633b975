import { Agent, request } from 'node:http';
import { Raxed } from '../../src/client/raxed.js';
import { loadBuiltinRules, loadBuiltinTables, loadBuiltinWeights } from '../../src/scanner/builtin.js';
import { loadRe2 } from '../../src/scanner/re2.js';
import { compileRules } from '../../src/scanner/ruleset.js';
import { createScanner } from '../../src/scanner/worker.js';
import { makeSite, startDaemonProcess } from '../fixtures/daemon.js';
import { seeded } from '../fixtures/near-miss.js';

const SCANS = 10_000;
const ROUNDS = 5;
const IN_FLIGHT = 64;
const ALONE_SCANS = 3000;

type Scan = (prompt: string) => Promise<unknown>;

/**
 * Scans of short prompts on this machine: in this process, through the client on one connection, and over HTTP with
 * connections that are kept, the last two at a daemon of its own process. They take turns.
 */
export async function run({ events = SCANS }: { readonly events?: number | undefined } = {}): Promise<void> {
  const customer = { msspId: 'mssp_bench', customerId: 'cust_bench' };
  const site = makeSite();
  site.writeConfig({
    edition: 'enterprise', spool: { min_free_bytes: 0 },
    mssps: [{ id: customer.msspId, webhook: { url: 'http://127.0.0.1:9/', secret: 'never-used-by-this-bench' }, customers: [{ id: customer.customerId }] }],
  });
  const daemon = await startDaemonProcess(site);
  const raxed = new Raxed({ socketPath: site.scanSocket, ...customer, failOpen: false });
  const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
  const ways: Readonly<Record<string, Scan>> = {
    'in process': await inProcess(),
    client: (prompt) => raxed.scan(prompt),
    HTTP: (prompt) => post(site.scanSocket, JSON.stringify({ mssp_id: customer.msspId, customer_id: customer.customerId, prompt }), agent),
  };
  const next = seeded(2026);
  const one = (words: string): string => words.split(' ')[next(words.split(' ').length)] ?? '';
  const prompts = (count: number): string[] => Array.from({ length: count }, () => (
    `How do I ${one('bake repair paint clean store')} a ${one('bread bicycle table window carpet')} in ${one('Paris Rome winter summer May')} for ${next(10_000)} guests?`));
  const perSecond = new Map<string, number[]>();
  const tookMs = new Map<string, number[]>();
  try {
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [name, scan] of Object.entries(ways)) {
        const scans = await throughput(scan, prompts(events), IN_FLIGHT);
        const each = await latencies(scan, prompts(ALONE_SCANS));
        // The daemon closes connections that are idle for long, as they are while the others have their turn.
        agent.destroy();
        // The first round warms all of them up.
        if (round === 0) continue;
        perSecond.set(name, [...perSecond.get(name) ?? [], scans]);
        tookMs.set(name, [...tookMs.get(name) ?? [], ...each]);
      }
    }
  } finally {
    await raxed.close();
    agent.destroy();
    await daemon.kill('SIGTERM');
    site.remove();
  }

  const base = quantile(perSecond.get('in process') ?? [], 0.5);
  process.stdout.write(`questions of some 50 characters; ${IN_FLIGHT} in flight, medians of ${ROUNDS} rounds of ${events.toLocaleString('en-US')}; latency with one in flight\n`);
  for (const name of Object.keys(ways)) {
    const scans = quantile(perSecond.get(name) ?? [], 0.5);
    const [p50, p99] = added(tookMs, name);
    process.stdout.write(`  ${name.padEnd(11)} ${Math.round(scans).toLocaleString('en-US').padStart(7)} scans/s   ${(scans / base).toFixed(2)} × in process   one scan p50 ${p50}   p99 ${p99}\n`);
  }
  process.stdout.write(`  client against HTTP ${(quantile(perSecond.get('client') ?? [], 0.5) / quantile(perSecond.get('HTTP') ?? [], 0.5)).toFixed(2)} ×\n`);
}

/** What the daemon has, without a daemon. */
async function inProcess(): Promise<Scan> {
  const re2 = await loadRe2();
  const ruleset = compileRules(loadBuiltinRules(), { engine: re2 === undefined ? 'js' : 're2', tables: loadBuiltinTables() }, re2);
  const scanner = createScanner(ruleset, { weights: loadBuiltinWeights(), now: () => performance.now(), epochNow: Date.now });
  return (prompt) => scanner.scan({ prompt }, { threatAt: 'medium', blockAt: null, scanResponses: false, suppressions: [] });
}

function post(socketPath: string, body: string, agent: Agent): Promise<unknown> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path: '/v1/scan', method: 'POST', agent, headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => { text += chunk; }).on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(text));
      });
    }).on('error', reject).end(body);
  });
}

/** Scans per second. */
async function throughput(scan: Scan, prompts: readonly string[], inFlight: number): Promise<number> {
  const startedAt = performance.now();
  let taken = 0;
  await Promise.all(Array.from({ length: inFlight }, async () => {
    for (let prompt = prompts[taken++]; prompt !== undefined; prompt = prompts[taken++]) await scan(prompt);
  }));
  return prompts.length / (performance.now() - startedAt) * 1000;
}

/** Milliseconds of each scan, one after another. */
async function latencies(scan: Scan, prompts: readonly string[]): Promise<number[]> {
  const took: number[] = [];
  for (const prompt of prompts) {
    const startedAt = performance.now();
    await scan(prompt);
    took.push(performance.now() - startedAt);
  }
  return took;
}

/** p50 and p99, and how much more they are than in process. */
function added(tookMs: ReadonlyMap<string, readonly number[]>, name: string): [string, string] {
  const show = (share: number): string => {
    const [own, base] = [quantile(tookMs.get(name) ?? [], share), quantile(tookMs.get('in process') ?? [], share)];
    return `${own.toFixed(3)} ms${name === 'in process' ? '        ' : ` (+${(own - base).toFixed(3)})`}`;
  };
  return [show(0.5), show(0.99)];
}

function quantile(values: readonly number[], share: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? NaN;
}
