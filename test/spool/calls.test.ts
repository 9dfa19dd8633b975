import t from 'tap';
import { History } from './history.js';
import type { Call, Setup, Step } from './steps.js';
import { DAY_MS, HOUR_MS } from './world.js';

const SETUP: Setup = { seed: 0, ack: 'fsync', whenFull: 'reject', maxBytes: 1024 * 1024 };
/** Power cuts before each call, each with other halves of what was not synced. */
const SEEDS = process.env['RAXED_TEST_LONG'] === undefined ? 4 : 40;
const ALL = 0.99;

const append = (count: number, length: number): Call => ({ do: 'append', customer: 0, count, length });
const commit = (destination: 0 | 1, part: number): Call => ({ do: 'commit', customer: 0, destination, part });
const tick: Call = { do: 'tick', customer: 0 };
/** Three full segments and a begun one, of 2 KiB. */
const filled: readonly Step[] = [append(6, 300), append(6, 300), append(6, 300), append(2, 300)];

/** What is cut before each of its system calls, after `before`. */
const CHANGES: readonly { readonly name: string; readonly setup?: Partial<Setup>; readonly before: readonly Step[]; readonly calls: readonly Call[]; readonly atLeast: number }[] = [
  { name: 'the first record of a customer', before: [], calls: [append(1, 50)], atLeast: 4 },
  { name: 'rolling over to a new segment', before: [append(6, 300)], calls: [append(6, 300)], atLeast: 4 },
  { name: 'rolling over several times at once', before: [append(6, 300)], calls: [append(6, 600), append(6, 600)], atLeast: 8 },
  { name: 'sealing by age', before: [append(2, 300), { do: 'clock', ms: HOUR_MS - 1000 }, { do: 'pass', ms: 1000 }], calls: [tick, append(1, 50)], atLeast: 4 },
  { name: 'deleting what every destination has', before: [...filled, commit(0, ALL)], calls: [commit(1, ALL), tick], atLeast: 6 },
  { name: 'dropping the oldest to make room', setup: { whenFull: 'drop_oldest', maxBytes: 16_384 }, before: [...filled, append(6, 300)], calls: [append(6, 600)], atLeast: 8 },
  { name: 'expiring', before: [...filled, { do: 'clock', ms: HOUR_MS }], calls: [{ do: 'expire', customer: 0, ms: 30 * 60_000 }], atLeast: 6 },
  { name: 'setting a damaged segment aside', before: [...filled, { do: 'flip', running: true, part: 0.3, at: 0.5, mask: 1 }], calls: [{ do: 'read', customer: 0, destination: 0 }], atLeast: 4 },
  { name: 'a new destination', before: filled, calls: [{ do: 'attach', customer: 0, destination: 2 }], atLeast: 8 },
  { name: 'forgetting a destination', before: [...filled, { do: 'detach', customer: 0, destination: 1 }, { do: 'pass', ms: 20 * 60_000 }, { do: 'clock', ms: 8 * DAY_MS }], calls: [tick], atLeast: 6 },
  { name: 'a dead letter', before: filled, calls: [{ do: 'letter', customer: 0, destination: 0, count: 2 }], atLeast: 6 },
  { name: 'taking dead letters out', before: [{ do: 'letter', customer: 0, destination: 0, count: 6 }], calls: [{ do: 'take', customer: 0, destination: 0, part: 0.5 }], atLeast: 6 },
  { name: 'rewriting', before: [...filled, { do: 'letter', customer: 0, destination: 0, count: 3 }], calls: [{ do: 'rewrite', customer: 0 }], atLeast: 20 },
  { name: 'removing a customer', before: [...filled, { do: 'letter', customer: 0, destination: 0, count: 3 }], calls: [{ do: 'remove', customer: 0 }], atLeast: 8 },
];

for (const { name, setup, before, calls, atLeast } of CHANGES) {
  void t.test(`cut before any system call, nothing is lost: ${name}`, async (t) => {
    const play = async (how: 'crash' | 'kill', afterCalls: number, seed: number): Promise<number> => {
      const { callsInCut } = await History.play({ ...SETUP, ...setup, seed }, [...before, { do: 'cut', how, afterCalls, calls }]);
      return callsInCut;
    };
    const whole = await play('kill', Infinity, 0);
    t.ok(whole >= atLeast, `${whole} system calls`);
    for (let call = 0; call <= whole; call++) {
      try {
        await play('kill', call, 0);
        for (let seed = 0; seed < SEEDS; seed++) await play('crash', call, seed);
      } catch (error) {
        t.fail(`before call ${call}: ${String(error)}`);
      }
    }
  });
}
