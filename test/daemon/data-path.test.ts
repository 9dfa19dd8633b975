import t from 'tap';
import { createDataPath } from '../../src/daemon/data-path.js';
import { manualClock } from '../fixtures/clock.js';

t.test('the data path moves, refuses, or is stuck; what is a second old still counts for readiness', async (t) => {
  const clock = manualClock();
  let probe: () => Promise<void> = () => Promise.resolve();
  let turnedAt = Infinity;
  let probes = 0;
  const path = createDataPath({ probe: () => { probes++; return probe(); } }, { oldestTurn: (now) => Math.min(now, turnedAt) }, clock);
  t.equal(await path.state(), 'moves');
  t.equal(await path.ready(), true);
  const before = probes;
  t.equal(await path.ready(), true);
  t.equal(probes, before, 'not probed again within a second');
  await clock.advance(1500);
  probe = () => Promise.reject(new Error('ENOSPC'));
  t.equal(await path.ready(), false);
  t.equal(await path.state(), 'refuses', 'a full disk is not stuck');
  probe = () => new Promise(() => undefined);
  const stuck = path.state();
  await clock.advance(30_000);
  t.equal(await stuck, 'stuck');
  probe = () => Promise.resolve();
  turnedAt = clock.monotonic() - 30_000;
  t.equal(await path.state(), 'stuck', 'a delivery loop that has not turned');
});
