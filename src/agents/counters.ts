import type { CustomerKey } from './customer.js';
import { keyOf } from './customer.js';

/** How many scans, and how many of them found a threat. */
export interface ScanCounts {
  readonly scans: number;
  readonly threats: number;
}

/** What is kept over a restart. */
export interface SavedCounts {
  /** The daemon's own. */
  readonly total: ScanCounts;
  /** Of these, what no heartbeat has delivered. */
  readonly unreported: ScanCounts;
  readonly customers: readonly (CustomerKey & ScanCounts)[];
}

/** Counts scans: the daemon's own between heartbeats and in all, and per customer. Nothing is counted twice or lost. */
export interface ScanCounters {
  /** A scan that the daemon made, and for whom. */
  record(threatDetected: boolean, customer?: CustomerKey): void;
  /** Scans that an agent at a customer's site made without the daemon. */
  add(counts: ScanCounts, customer: CustomerKey): void;
  /** The daemon's own since the last `take`; counting starts anew. */
  take(): ScanCounts;
  /** Gives back what was taken and not delivered. */
  restore(taken: ScanCounts): void;
  /** The daemon's own since the beginning. */
  totals(): ScanCounts;
  /** For one customer, whoever made them. */
  ofCustomer(customer: CustomerKey): ScanCounts;
  removeCustomer(customer: CustomerKey): void;
  /** What was taken and neither delivered nor given back yet counts as delivered. */
  saved(): SavedCounts;
}

type Tally = { -readonly [K in keyof ScanCounts]: ScanCounts[K] };
const NONE: ScanCounts = { scans: 0, threats: 0 };

/** `onChange`: what is `saved` has changed. */
export function createCounters(before: SavedCounts = { total: NONE, unreported: NONE, customers: [] }, onChange: () => void = () => undefined): ScanCounters {
  let since: Tally = { ...before.unreported };
  const total: Tally = { ...before.total };
  const customers = new Map<string, CustomerKey & Tally>();

  function tallyOf(customer: CustomerKey): Tally {
    const key = keyOf(customer);
    let tally = customers.get(key);
    if (tally === undefined) {
      tally = { msspId: customer.msspId, customerId: customer.customerId, ...NONE };
      customers.set(key, tally);
    }
    return tally;
  }

  for (const saved of before.customers) addCounts(tallyOf(saved), saved);

  return {
    record(threatDetected, customer) {
      const one = { scans: 1, threats: threatDetected ? 1 : 0 };
      addCounts(since, one);
      addCounts(total, one);
      if (customer !== undefined) addCounts(tallyOf(customer), one);
      onChange();
    },
    add(counts, customer) {
      addCounts(tallyOf(customer), counts);
      onChange();
    },
    take() {
      const taken = since;
      since = { ...NONE };
      if (taken.scans > 0) onChange();
      return taken;
    },
    restore(taken) {
      addCounts(since, taken);
      if (taken.scans > 0) onChange();
    },
    totals: () => ({ ...total }),
    ofCustomer: (customer) => {
      const { scans, threats } = customers.get(keyOf(customer)) ?? NONE;
      return { scans, threats };
    },
    removeCustomer(customer) {
      customers.delete(keyOf(customer));
      onChange();
    },
    saved: () => ({ total: { ...total }, unreported: { ...since }, customers: [...customers.values()] }),
  };
}

/** Sums that would leave the integers stay at the largest: agents may report anything. */
export function addCounts(to: Tally, { scans, threats }: ScanCounts): void {
  to.scans = Math.min(Number.MAX_SAFE_INTEGER, to.scans + scans);
  to.threats = Math.min(Number.MAX_SAFE_INTEGER, to.threats + threats);
}
