import t from 'tap';
import { History } from './history.js';
import type { Setup, Step } from './steps.js';
import { HOUR_MS } from './world.js';

/** Histories that once ended in a contradiction, shrunk by fast-check, with what was wrong. */
const REGRESSIONS: readonly { readonly name: string; readonly setup?: Partial<Setup>; readonly steps: readonly Step[] }[] = [
  {
    name: 'dead letters whose folder cannot be listed answer SPOOL_IO',
    steps: [{ do: 'cut', how: 'crash', afterCalls: 0, calls: [{ do: 'letter', customer: 0, destination: 0, count: 1 }] }],
  },
  {
    name: 'a segment whose size the disk does not tell is not taken for an empty one, and deleted',
    steps: [{ do: 'append', customer: 0, count: 1, length: 10 }, { do: 'fault', op: 'size', errno: 'EIO', times: Infinity }, { do: 'kill' }],
  },
  {
    name: 'a cursor that could not be moved to make room is not moved later, past records that nobody reported',
    setup: { maxBytes: 16_384, whenFull: 'drop_oldest' },
    steps: [
      { do: 'append', customer: 0, count: 1, length: 233 },
      { do: 'letter', customer: 0, destination: 0, count: 5 },
      { do: 'append', customer: 0, count: 2, length: 341 },
      { do: 'together', calls: [
        { do: 'append', customer: 0, count: 9, length: 500 }, { do: 'attach', customer: 1, destination: 2 },
        { do: 'read', customer: 0, destination: 2 }, { do: 'append', customer: 1, count: 8, length: 171 },
      ] },
      { do: 'together', calls: [{ do: 'tick', customer: 0 }, { do: 'append', customer: 0, count: 5, length: 17 }] },
      { do: 'fault', op: 'write', errno: 'EIO', times: 1 },
      { do: 'append', customer: 0, count: 7, length: 236 },
      { do: 'together', calls: [{ do: 'letter', customer: 0, destination: 2, count: 1 }, { do: 'tick', customer: 1 }] },
      { do: 'cut', how: 'crash', afterCalls: 0, calls: [{ do: 'take', customer: 0, destination: 0, part: 0 }] },
      { do: 'close' },
    ],
  },
  {
    name: 'a destination stays known when neither its cursor nor the list can be read, and the disk is full',
    steps: [{ do: 'fault', op: 'read', errno: 'EIO', times: Infinity }, { do: 'room', bytes: 70 }, { do: 'append', customer: 0, count: 1, length: 10 }, { do: 'crash' }],
  },
  {
    name: 'a rewrite does not end while a refused event, that may come back, is on the disk as it was',
    steps: [{ do: 'cut', how: 'kill', afterCalls: 7, calls: [{ do: 'append', customer: 0, count: 1, length: 10 }, { do: 'rewrite', customer: 0 }] }],
  },
  {
    name: 'what was written before SIGKILL is durable when the spool has been opened again, the folder\'s entry too',
    setup: { ack: 'write' },
    steps: [
      { do: 'cut', how: 'kill', afterCalls: 7, calls: [{ do: 'append', customer: 0, count: 1, length: 10 }] },
      { do: 'fault', op: 'read', errno: 'EIO', times: Infinity },
      { do: 'cut', how: 'crash', afterCalls: 0, calls: [{ do: 'read', customer: 0, destination: 1 }] },
    ],
  },
  {
    name: 'a place that cannot be read in one life is not, in the next, ahead of records that it never passed',
    steps: [
      { do: 'append', customer: 0, count: 3, length: 10 }, { do: 'commit', customer: 0, destination: 0, part: 0.99 }, { do: 'commit', customer: 0, destination: 1, part: 0.99 },
      { do: 'clock', ms: HOUR_MS }, { do: 'tick', customer: 0 }, { do: 'close' },
      { do: 'room', bytes: 0 }, { do: 'fault', op: 'open', errno: 'EIO', times: Infinity }, { do: 'kill' },
      { do: 'room', bytes: 600 }, { do: 'append', customer: 0, count: 1, length: 10 }, { do: 'heal' }, { do: 'kill' },
    ],
  },
  {
    name: 'numbers are not given again when everything was dropped and then no place can be read',
    setup: { whenFull: 'drop_oldest' },
    steps: [
      { do: 'append', customer: 1, count: 1, length: 10 }, { do: 'crash' },
      { do: 'fault', op: 'create', errno: 'ENOSPC', times: 1 },
      { do: 'cut', how: 'crash', afterCalls: 14, calls: [{ do: 'letter', customer: 1, destination: 0, count: 1 }] },
      { do: 'fault', op: 'read', errno: 'EIO', times: Infinity },
      { do: 'crash' },
    ],
  },
  {
    name: 'a last record that rotted and looks like a torn write is reported; its number is given again, and that is all',
    steps: [{ do: 'append', customer: 1, count: 1, length: 10 }, { do: 'flip', running: false, part: 0.86, at: 0.58, mask: 1 }],
  },
  {
    name: 'the same of a last dead letter',
    steps: [
      { do: 'letter', customer: 0, destination: 2, count: 2 }, { do: 'flip', running: false, part: 0.43, at: 0.53, mask: 1 },
      { do: 'cut', how: 'crash', afterCalls: 2, calls: [{ do: 'letter', customer: 0, destination: 2, count: 1 }] },
    ],
  },
  {
    name: 'the same of the only record, found while running: nothing of its segment is left',
    steps: [{ do: 'append', customer: 0, count: 1, length: 10 }, { do: 'flip', running: true, part: 0.43, at: 0.46, mask: 1 }, { do: 'read', customer: 0, destination: 0 }],
  },
  {
    name: 'a destination that came just before SIGKILL may be a new one afterwards',
    setup: { ack: 'write' },
    steps: [{ do: 'append', customer: 0, count: 1, length: 10 }, { do: 'cut', how: 'kill', afterCalls: 0, calls: [{ do: 'attach', customer: 0, destination: 2 }] }],
  },
  {
    name: 'a destination whose cursor was deleted, and that stood in a list that has rotted, is a new one',
    steps: [
      { do: 'remove', customer: 0 }, { do: 'flip', running: true, part: 0.67, at: 0, mask: 1 },
      { do: 'append', customer: 0, count: 1, length: 10 }, { do: 'lose', file: 'cursor', customer: 0, destination: 0 },
    ],
  },
  {
    name: 'a segment whose header cannot be read leaves no descriptor behind',
    steps: [
      { do: 'append', customer: 0, count: 1, length: 10 }, { do: 'fault', op: 'read', errno: 'EIO', times: Infinity }, { do: 'append', customer: 1, count: 1, length: 10 },
      { do: 'crash' }, { do: 'remove', customer: 0 }, { do: 'letter', customer: 1, destination: 1, count: 1 },
    ],
  },
  {
    name: 'what a dead letter lets drop of another customer is as what an append drops',
    setup: { whenFull: 'drop_oldest' },
    steps: [
      { do: 'append', customer: 0, count: 1, length: 10 }, { do: 'fault', op: 'datasync', errno: 'ENOSPC', times: 1 },
      { do: 'cut', how: 'crash', afterCalls: 14, calls: [{ do: 'letter', customer: 1, destination: 2, count: 1 }] },
    ],
  },
  {
    name: 'a rewrite does not end while a segment that was given up, and deleted, may come back with a power cut',
    setup: { ack: 'write' },
    steps: [
      { do: 'append', customer: 0, count: 1, length: 10 }, { do: 'fault', op: 'syncFolder', errno: 'ENOSPC', times: 5 }, { do: 'close' },
      { do: 'rewrite', customer: 0 }, { do: 'crash' },
    ],
  },
  {
    name: 'a commit that could not be synced is not found after SIGKILL, so that nothing is deleted because of it',
    steps: [
      { do: 'append', customer: 0, count: 1, length: 10 }, { do: 'fault', op: 'datasync', errno: 'EIO', times: Infinity },
      { do: 'commit', customer: 0, destination: 0, part: 0.67 }, { do: 'commit', customer: 0, destination: 1, part: 0.67 }, { do: 'close' },
      { do: 'clock', ms: HOUR_MS }, { do: 'tick', customer: 0 },
    ],
  },
  {
    name: 'events that could not be dropped, because their cursor could not be synced, are still there after SIGKILL',
    setup: { whenFull: 'drop_oldest' },
    steps: [{ do: 'append', customer: 0, count: 3, length: 10 }, { do: 'fault', op: 'datasync', errno: 'ENOSPC', times: 2 }, { do: 'append', customer: 0, count: 1, length: 10 }, { do: 'kill' }],
  },
  {
    name: 'the limit that says to drop the oldest may come with the events that it drops',
    steps: [
      { do: 'reconfigure', customer: 0, segmentBytes: 2048, maxBytes: 40_000, whenFull: 'reject' }, { do: 'append', customer: 0, count: 6, length: 189 }, { do: 'append', customer: 1, count: 11, length: 526 },
      { do: 'cut', how: 'crash', afterCalls: 19, calls: [{ do: 'reconfigure', customer: 0, segmentBytes: 8192, maxBytes: 16_384, whenFull: 'drop_oldest' }, { do: 'append', customer: 0, count: 12, length: 506 }] },
    ],
  },
  {
    name: 'dead letters that are purged do not come back with a power cut when SIGKILL came into an earlier removal',
    steps: [
      { do: 'append', customer: 0, count: 1, length: 10 }, { do: 'letter', customer: 0, destination: 0, count: 1 },
      { do: 'clock', ms: HOUR_MS }, { do: 'cut', how: 'kill', afterCalls: 22, calls: [{ do: 'expire', customer: 0, ms: 0 }] },
      { do: 'purge', customer: 0, destination: 0 }, { do: 'crash' },
    ],
  },
  {
    name: 'what a removal that the disk stopped has left goes with the next one, and does not come back with a power cut',
    steps: [
      { do: 'fault', op: 'rmdir', errno: 'EIO', times: 1 }, { do: 'remove', customer: 1 },
      { do: 'fault', op: 'list', errno: 'EIO', times: Infinity }, { do: 'crash' },
    ],
  },
  {
    name: 'a destination that is not attached, and whose cursor and then the list were deleted, is a new one',
    steps: [
      { do: 'detach', customer: 0, destination: 1 }, { do: 'lose', file: 'cursor', customer: 0, destination: 1 }, { do: 'lose', file: 'list', customer: 0, destination: 0 },
      { do: 'append', customer: 0, count: 1, length: 10 }, { do: 'attach', customer: 0, destination: 1 },
    ],
  },
];

for (const { name, setup, steps } of REGRESSIONS) {
  void t.test(name, async (t) => {
    for (let seed = 0; seed < 20; seed++) await History.play({ seed, ack: 'fsync', whenFull: 'reject', maxBytes: 1024 * 1024, ...setup }, steps);
    t.pass('20 times, with different halves of what was not synced');
  });
}
