import { join } from 'node:path';
import t from 'tap';
import type { Test } from 'tap';
import { findAuditKey } from '../../src/audit/key.js';
import { verifyAudit } from '../../src/audit/verify.js';
import { nodeSpoolFiles } from '../../src/platform/spool-files.js';
import { checkSpool } from '../../src/spool/check.js';
import { seededRandom } from '../fixtures/faulty-files.js';
import type { RunningDaemon } from '../fixtures/daemon.js';
import { eventually, makeSite, post, startDaemonProcess } from '../fixtures/daemon.js';
import { startSoc } from '../fixtures/soc.js';
import type { Tally } from './oracle.js';
import { createOracle } from './oracle.js';

const SECRET = 'kill-secret';
const LONG = process.env['RAXED_TEST_LONG'] === '1';
/** RAXED_KILLS: as many as there is time for. */
const KILLS = Number(process.env['RAXED_KILLS'] ?? (LONG ? 1000 : 6));
/** Two daemons at once: one starts while the other works. */
const SITES = 2;
const CLIENTS = 8;
const ACKNOWLEDGED_PER_KILL = 40;
const LIMIT_MS = LONG ? 2 * 3_600_000 : 280_000;
const DRAIN_MS = LONG ? 900_000 : 120_000;
t.setTimeout(LIMIT_MS);

/** In events: what is in flight, and twice as much, at least five, whose cursor is on its way to the disk (src/delivery/loop.ts). */
const PROMISES = { cust_wide: { overtaking: 23, repeated: 24 }, cust_single: { overtaking: 0, repeated: 6 } };
type CustomerId = keyof typeof PROMISES;

/** How the receiver is in one life of the daemon: what it does to a request, by a draw from [0, 1). */
const MOODS = {
  well: () => 200,
  flaky: (draw: number) => (draw < 0.05 ? 'reset' : draw < 0.3 ? 503 : draw < 0.32 ? 429 : 200),
  down: () => 503,
} as const;

interface Faults { resets: number; refusals: number; unanswered: number }
interface Outcome extends Tally, Faults { readonly lost: number; readonly violations: number }

/** One daemon that is killed again and again under load, and what the world outside saw of it. */
async function killAgainAndAgain(t: Test, kills: number, seed: number): Promise<Outcome> {
  const random = seededRandom(seed);
  const oracle = createOracle(PROMISES);
  const faults: Faults = { resets: 0, refusals: 0, unanswered: 0 };
  let mood: keyof typeof MOODS = 'well';
  let daemon: RunningDaemon | undefined;
  /** How many more requests the daemon lives; undefined: it is not killed at one. */
  let requestsToLive: number | undefined;

  const soc = await startSoc(SECRET, (arrival) => {
    soc.forget();
    if (requestsToLive !== undefined && --requestsToLive <= 0) {
      // The receiver has it, and the daemon will never know.
      requestsToLive = undefined;
      faults.unanswered++;
      oracle.arrived(arrival, true);
      daemon?.child.kill('SIGKILL');
      return 200;
    }
    const answer = MOODS[mood](random());
    if (answer === 'reset') faults.resets++;
    else if (answer !== 200) faults.refusals++;
    oracle.arrived(arrival, answer === 200);
    return answer;
  });
  const site = makeSite();
  t.teardown(async () => { await daemon?.kill('SIGKILL'); await soc.close(); site.remove(); });
  const webhook = { url: soc.url, secret: SECRET, timeout_seconds: 60 };
  site.writeConfig({
    mssps: [{
      id: 'mssp_test', webhook,
      customers: [{ id: 'cust_wide', data_mode: 'full' }, { id: 'cust_single', data_mode: 'full', webhook: { ...webhook, max_in_flight: 1 } }],
    }],
    spool: { min_free_bytes: 0, segment_bytes: 16_384 },
  });

  /** False when the call was interrupted: then nothing was promised. */
  async function scan(customer: CustomerId): Promise<boolean> {
    const prompt = oracle.ask(customer);
    const reply = await post(site.scanSocket, '/v1/scan', { prompt, mssp_id: 'mssp_test', customer_id: customer }).catch(() => undefined);
    if (reply?.body['delivery'] === 'spooled') oracle.acknowledged(prompt, String(reply.body['event_id']));
    return reply !== undefined;
  }

  async function checkDisk(): Promise<void> {
    const { sound, damage } = await checkSpool(join(site.stateFolder, 'spool'), nodeSpoolFiles);
    if (!sound) t.fail('a kill damages nothing on the disk', { damage });
  }

  for (let kill = 0; kill < kills; kill++) {
    mood = kill % 3 === 0 ? 'flaky' : kill % 7 === 4 ? 'down' : 'well';
    const running = daemon = await startDaemonProcess(site);
    let dead = false;
    let aimed = false;
    void running.exited.then(() => { dead = true; });
    const goal = oracle.tally.acknowledged + ACKNOWLEDGED_PER_KILL;
    const client = async (customer: CustomerId): Promise<void> => {
      while (!dead && await scan(customer)) {
        if (aimed || oracle.tally.acknowledged < goal) continue;
        aimed = true;
        if (mood === 'down' || kill % 2 === 1) running.child.kill('SIGKILL');
        else requestsToLive = 1 + Math.floor(random() * 30);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, (_, n) => client(n % 2 === 0 ? 'cust_wide' : 'cust_single')));
    const { signal } = await running.exited;
    if (signal !== 'SIGKILL') t.fail(`kill ${kill + 1}: the daemon ended by itself: ${running.output()}`);
    requestsToLive = undefined;
    oracle.died();
    await checkDisk();
  }

  mood = 'well';
  daemon = await startDaemonProcess(site);
  t.ok(await scan('cust_wide') && await scan('cust_single'), 'it lives');
  await eventually('every acknowledged event is taken', () => oracle.missing().length === 0, DRAIN_MS).catch(() => undefined);
  t.same(oracle.missing(), [], 'conservation: every acknowledged event was answered with 200');
  t.same(await daemon.kill('SIGTERM'), { code: 0, signal: null });
  await checkDisk();
  oracle.died();

  const { taken, asked } = oracle.tally;
  daemon = await startDaemonProcess(site);
  await scan('cust_wide');
  await eventually('the last is taken', () => oracle.missing().length === 0, DRAIN_MS);
  t.same([oracle.tally.taken - taken, oracle.tally.asked - asked], [1, 1], 'a clean stop repeats nothing');
  t.same(await daemon.kill('SIGTERM'), { code: 0, signal: null });
  t.same(oracle.violations, [], 'integrity, order and repetition: what arrived was asked for, is the same on every attempt, in order, and comes again within the window only');

  const auditFolder = join(site.stateFolder, 'audit');
  const verification = await verifyAudit({ folder: auditFolder, key: await findAuditKey(auditFolder, nodeSpoolFiles) }, nodeSpoolFiles);
  t.ok(verification.ok, 'the audit log is whole', { verification });
  return { ...oracle.tally, ...faults, lost: oracle.missing().length, violations: oracle.violations.length };
}

t.test(`no acknowledged event is lost over ${KILLS} SIGKILLs under load, with a receiver that refuses at random`, { timeout: LIMIT_MS }, async (t) => {
  const began = performance.now();
  const shares = Array.from({ length: SITES }, (_, n) => Math.floor((KILLS + n) / SITES));
  const sites = await Promise.all(shares.map((kills, n) => killAgainAndAgain(t, kills, 42 + n)));
  const sum = (count: (site: Outcome) => number): number => sites.reduce((total, site) => total + count(site), 0);
  const most = (count: (site: Outcome) => number): number => Math.max(...sites.map(count));
  const duplicates = sum((site) => site.duplicates);
  const [refusals, resets, unanswered] = [sum((site) => site.refusals), sum((site) => site.resets), sum((site) => site.unanswered)];
  t.comment(`${KILLS} kills in ${((performance.now() - began) / 1000).toFixed(0)} s: ${sum((site) => site.acknowledged)} events acknowledged of ${sum((site) => site.asked)} asked for, ${sum((site) => site.lost)} lost, ${sum((site) => site.violations)} altered or out of order; ${sum((site) => site.taken)} taken, ${duplicates} of them again, at most ${most((site) => site.mostRepeated)} after one kill; at most ${most((site) => site.mostOvertaking)} overtake one; ${refusals} refusals, ${resets} resets, ${unanswered} kills before the answer`);
  t.ok(refusals > 0 && resets > 0 && unanswered > 0, 'the faults did happen');
  t.ok(duplicates > 0, 'and so did duplicates');
});
