import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import type { Test } from 'tap';
import type { RunningDaemon, Site } from '../fixtures/daemon.js';
import { startDaemonProcess } from '../fixtures/daemon.js';
import type { Witness } from './witness.js';
import { createWitness } from './witness.js';

/**
 * The built daemon is killed at named points between its system calls (test/fixtures/fault-points.mjs), once and three
 * times in a row, and a witness outside knows what was promised. One point again:
 * `RAXED_FAULT_POINT='after rename cursor 1' npx tap test/e2e/faults.test.ts`; the second of ten parts of all of them:
 * `RAXED_FAULT_PART=2/10 RAXED_TEST_LONG=1 npx tap test/e2e/faults.test.ts`.
 */
const LONG = process.env['RAXED_TEST_LONG'] === '1';
const ONE = process.env['RAXED_FAULT_POINT'];
const [PART = 1, PARTS = 1] = (process.env['RAXED_FAULT_PART'] ?? '1/1').split('/').map(Number);
const LIMIT_MS = LONG ? 4 * 3_600_000 : 280_000;
t.setTimeout(LIMIT_MS);

/** One for each kind of change, at the moment that is the most delicate. */
const CHOSEN = [
  'after create segment 1', 'amid write segment 3', 'before datasync segment 4', 'after create segment 2', 'after unlink segment 1',
  'after write cursor 8', 'after create letters 1', 'before rename segment-copy 1', 'after unlink rewrite-marker 1',
  'after rename tenants 1', 'amid write audit 5', 'after rename policies 2',
];
const THREE_TIMES = new Set(['amid write segment 3', 'before rename segment-copy 1']);
/** Which times a call is made; the first ones are in the start, later ones under load. */
const NTH = [1, 2, 3, 5, 8, 13, 21];

const preload = pathToFileURL(resolve(import.meta.dirname, '../fixtures/fault-points.mjs')).href;
const logOf = (site: Site): string => join(site.folder, 'faults.log');

function faultEnv(site: Site, point?: string): Record<string, string> {
  return {
    NODE_OPTIONS: `--import=${preload}`, RAXED_FAULT_FOLDER: site.stateFolder, RAXED_FAULT_LOG: logOf(site),
    ...(point === undefined ? {} : { RAXED_FAULT_POINT: point }),
  };
}

/** Whether the daemon died at the point of the log. */
function hasFired(site: Site): boolean {
  return existsSync(logOf(site)) && readFileSync(logOf(site), 'utf8').includes('killed ');
}

/** A daemon's life up to the point, or to a clean end when it is not reached. */
async function liveUntil(point: string, life: number, witness: Witness): Promise<boolean> {
  const { site } = witness;
  rmSync(logOf(site), { force: true });
  let daemon: RunningDaemon | undefined;
  try {
    daemon = await startDaemonProcess(site, faultEnv(site, point));
    await witness.work(life);
    await daemon.kill('SIGTERM');
  } catch (error) {
    // A rejection may be here before the process's end is.
    if (daemon !== undefined && hasFired(site)) await daemon.exited;
    else daemon?.child.kill('SIGKILL');
    if (!hasFired(site)) throw error;
  }
  return hasFired(site);
}

async function proveHarmless(t: Test, point: string, times: number): Promise<void> {
  const witness = await createWitness();
  let daemon: RunningDaemon | undefined;
  try {
    let fired = 0;
    for (let life = 0; life < times; life++) {
      if (await liveUntil(point, life, witness)) fired++;
      await witness.checkDisk(t);
    }
    t.ok(fired > 0, `the daemon was killed ${fired} times`);
    daemon = await startDaemonProcess(witness.site);
    await witness.settle(t, times + 1);
    t.same(await daemon.kill('SIGTERM'), { code: 0, signal: null }, 'it ends as it should');
  } finally {
    await daemon?.kill('SIGKILL');
    await witness.remove();
  }
}

/** Every point that a life without faults passes. */
async function allPoints(t: Test): Promise<string[]> {
  const witness = await createWitness();
  const daemon = await startDaemonProcess(witness.site, faultEnv(witness.site));
  try {
    await witness.work(0);
    t.same(await daemon.kill('SIGTERM'), { code: 0, signal: null }, 'without faults all is well');
    const points = readFileSync(logOf(witness.site), 'utf8').trimEnd().split('\n');
    return points.filter((point) => NTH.includes(Number(point.split(' ').at(-1))));
  } finally {
    await daemon.kill('SIGKILL');
    await witness.remove();
  }
}

t.test('a daemon that is killed between two system calls loses, alters and reorders nothing', { timeout: LIMIT_MS }, async (t) => {
  const all = ONE === undefined ? await allPoints(t) : [ONE];
  for (const kind of ['segment', 'segment-copy', 'cursor', 'letters', 'rewrite-marker', 'removed', 'tenants', 'policies', 'audit', 'audit-head', 'known']) {
    if (ONE === undefined) t.ok(all.some((point) => point.split(' ')[2] === kind), `there are points at ${kind}`);
  }
  const everyPoint = LONG || ONE !== undefined;
  const chosen = everyPoint ? all.filter((_, n) => n % PARTS === PART - 1) : CHOSEN;
  t.comment(`${chosen.length} of ${all.length} points`);
  // One daemon starts while the other works.
  t.jobs = 2;
  for (const times of [1, 3]) {
    for (const point of chosen.filter((one) => everyPoint || THREE_TIMES.has(one) === (times === 3))) {
      await t.test(`${point}, ${times === 1 ? 'once' : 'three times'}`, { timeout: 120_000, buffered: true }, (t) => proveHarmless(t, point, times));
    }
  }
});
