import t from 'tap';
import { Budget } from '../../src/spool/budget.js';
import { NO_RESERVE } from '../../src/spool/reserve.js';
import { manualClock } from '../fixtures/clock.js';
import { FaultyFiles } from '../fixtures/faulty-files.js';
import { recordingLogger } from '../fixtures/logger.js';

void t.test('streams that ask at the same moment, before the disk was ever asked, are all admitted', async (t) => {
  let answer: (bytes: number) => void = () => undefined;
  const files = Object.assign(new FaultyFiles(), { freeBytes: () => new Promise<number>((resolve) => { answer = resolve; }) });
  const budget = new Budget('/spool', { maxBytes: 1000, minFreeBytes: 100, whenFull: 'reject' }, {
    files, clock: manualClock(), logger: recordingLogger(), reserve: NO_RESERVE, dropOldest: () => Promise.resolve(false), onFull: () => undefined, onRoom: () => undefined,
  });
  const asked = [1, 2, 3].map(async (i) => budget.share({ msspId: 'mssp', customerId: `cust_${i}` }).admit(10));
  answer(1_000_000);
  t.same(await Promise.all(asked), [true, true, true]);
  t.equal(budget.bytes, 30);
  t.equal(budget.share({ msspId: 'mssp', customerId: 'cust_1' }).admit(10), true, 'and then without asking');
});
