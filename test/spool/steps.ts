import fc from 'fast-check';
import type { FileOp } from '../fixtures/faulty-files.js';
import { DAY_MS, HOUR_MS } from './world.js';

/** What happens to a spool in a history: by its users, its operator, its disk and its clock. `part` is in [0, 1). */
export type Step = Call | Event;

export type Event =
  | { readonly do: 'together'; readonly calls: readonly Call[] }
  | { readonly do: 'cut'; readonly how: 'crash' | 'kill'; readonly afterCalls: number; readonly calls: readonly Call[] }
  | { readonly do: 'close' | 'kill' | 'crash' | 'heal' }
  | { readonly do: 'pass' | 'clock'; readonly ms: number }
  | { readonly do: 'fault'; readonly op: FileOp; readonly errno: 'EIO' | 'ENOSPC'; readonly times: number }
  | { readonly do: 'short' | 'room'; readonly bytes: number }
  | { readonly do: 'flip'; readonly running: boolean; readonly part: number; readonly at: number; readonly mask: number }
  | { readonly do: 'lose'; readonly file: 'cursor' | 'list'; readonly customer: Customer; readonly destination: Destination };

export type Call = { readonly customer: Customer } & (
  | { readonly do: 'append'; readonly count: number; readonly length: number }
  | { readonly do: 'commit'; readonly destination: Destination; readonly part: number }
  | { readonly do: 'settle'; readonly destination: Destination; readonly part: number; readonly count: number }
  | { readonly do: 'read' | 'attach' | 'detach' | 'purge'; readonly destination: Destination }
  | { readonly do: 'letter'; readonly destination: Destination; readonly count: number }
  | { readonly do: 'take'; readonly destination: Destination; readonly part: number }
  | { readonly do: 'rewrite' | 'tick' | 'remove' }
  | { readonly do: 'expire'; readonly ms: number }
  | { readonly do: 'reconfigure'; readonly maxBytes: number; readonly segmentBytes: number; readonly whenFull: 'reject' | 'drop_oldest' }
);

export type Customer = 0 | 1;
export type Destination = 0 | 1 | 2;

/** How the spool of a history is set up. */
export interface Setup {
  readonly seed: number;
  readonly ack: 'fsync' | 'write';
  readonly whenFull: 'reject' | 'drop_oldest';
  readonly maxBytes: number;
}

const part = fc.integer({ min: 0, max: 99 }).map((percent) => percent / 100);
/** Mostly the first: what is spread over too many never fills anything. */
const customer = fc.oneof({ weight: 4, arbitrary: fc.constant<Customer>(0) }, { weight: 1, arbitrary: fc.constant<Customer>(1) });
const destination = fc.oneof({ weight: 4, arbitrary: fc.constant<Destination>(0) }, { weight: 3, arbitrary: fc.constant<Destination>(1) }, { weight: 1, arbitrary: fc.constant<Destination>(2) });
const limits = { maxBytes: fc.constantFrom(1024 * 1024, 40_000, 16_384), whenFull: fc.constantFrom<('reject' | 'drop_oldest')[]>('reject', 'drop_oldest') };

const call: fc.Arbitrary<Call> = fc.oneof(
  { weight: 16, arbitrary: fc.record({ do: fc.constant('append' as const), customer, count: fc.integer({ min: 1, max: 12 }), length: fc.integer({ min: 10, max: 600 }) }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('commit' as const), customer, destination, part }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('settle' as const), customer, destination, part, count: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('read' as const), customer, destination }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('attach' as const, 'detach' as const, 'purge' as const), customer, destination }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('letter' as const), customer, destination, count: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('take' as const), customer, destination, part }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('rewrite' as const, 'tick' as const, 'tick' as const, 'rewrite' as const, 'remove' as const), customer }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('expire' as const), customer, ms: fc.constantFrom(0, 30 * 60_000, HOUR_MS, DAY_MS) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reconfigure' as const), customer, segmentBytes: fc.constantFrom(1024, 2048, 8192), ...limits }) },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 30, arbitrary: call },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('together' as const), calls: fc.array(call, { minLength: 2, maxLength: 5 }) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('cut' as const), how: fc.constantFrom('crash' as const, 'crash' as const, 'kill' as const), afterCalls: fc.integer({ min: 0, max: 30 }), calls: fc.array(call, { minLength: 1, maxLength: 3 }) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('close' as const, 'kill' as const, 'crash' as const, 'crash' as const, 'heal' as const) }) },
  { weight: 2, arbitrary: fc.oneof(fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1000, 15_000) }), fc.record({ do: fc.constant('clock' as const), ms: fc.constantFrom(1000, 20 * 60_000) })) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('clock' as const), ms: fc.constantFrom(HOUR_MS, -HOUR_MS, 8 * DAY_MS) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('fault' as const), op: fc.constantFrom<FileOp[]>('create', 'write', 'datasync', 'truncate', 'unlink', 'rename', 'syncFolder', 'open', 'read', 'mkdir', 'list', 'size', 'rmdir', 'freeBytes'), errno: fc.constantFrom('EIO' as const, 'ENOSPC' as const), times: fc.constantFrom(1, 2, 5, Infinity) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('short' as const, 'room' as const), bytes: fc.integer({ min: 0, max: 2500 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('flip' as const), running: fc.boolean(), part, at: part, mask: fc.integer({ min: 1, max: 255 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose' as const), file: fc.constantFrom('cursor' as const, 'list' as const), customer, destination }) },
);

export const setups: fc.Arbitrary<Setup> = fc.record({ seed: fc.integer(), ack: fc.constantFrom('fsync' as const, 'fsync' as const, 'write' as const), ...limits });
export const histories: fc.Arbitrary<Step[]> = fc.array(step, { minLength: 3, maxLength: 30, size: 'max' });
