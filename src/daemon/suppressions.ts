import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { readState } from '../agents/state-file.js';
import type { StateStore } from '../agents/state-file.js';
import { FORMATS, RULE_PATTERN } from '../config/format.js';
import { RaxedError, unwritable } from '../errors.js';
import type { Clock, Logger } from '../ports.js';
import type { ScanPolicy } from '../scanner/scan.js';
import type { StreamId } from '../spool/spool.js';

/** A rule, or several by the beginning of their ids as in `pi-*`, that is not reported: for one customer, or for all. */
export interface Suppression {
  readonly rule: string;
  readonly customer?: StreamId | undefined;
  readonly reason?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly until?: number | undefined;
  readonly createdMs: number;
}

/** The suppressions made with `ctl`. A change holds when it is durable, from the next scan on. */
export interface Suppressions {
  list(): readonly Suppression[];
  /** Those of a customer and those of all; without a customer, those of all. */
  of(customer: StreamId | undefined): ScanPolicy['suppressions'];
  /** Takes the place of one of the same rule and scope. Rejects LIMIT_REACHED, DISK_FULL or STATE_UNWRITABLE; then nothing has changed. */
  add(suppression: Suppression): Promise<void>;
  /** Resolves with whether there was one. Rejects as `add`. */
  remove(rule: string, customer: StreamId | undefined): Promise<boolean>;
  /** A deleted customer's. Rejects as `add`. */
  forget(customer: StreamId): Promise<void>;
  /** Forgets those that expired a week ago. Rejects as `add`. */
  prune(): Promise<void>;
}

/**
 * `suppressions.json` of the state folder: {"version":1,"suppressions":[{rule, mssp_id?, customer_id?, reason?,
 * expires?, created}, …]}, times in ISO 8601.
 */
const Entry = Type.Object({
  rule: Type.String({ pattern: RULE_PATTERN.source }),
  mssp_id: Type.Optional(Type.String()), customer_id: Type.Optional(Type.String()),
  reason: Type.Optional(Type.String()), expires: Type.Optional(Type.String()), created: Type.String(),
});
const SuppressionsFile = Type.Object({ version: Type.Literal(1), suppressions: Type.Array(Type.Unknown()) });

const WHAT = 'the list of suppressions';
const KEPT_MS = 7 * 86_400_000;
/** Each scan looks at those of its customer and of all. */
const MAX_SUPPRESSIONS = 1000;

export async function openSuppressions({ store, clock, logger }: { readonly store: StateStore; readonly clock: Pick<Clock, 'now'>; readonly logger: Logger }): Promise<Suppressions> {
  let current: readonly Suppression[] = await readState({ what: WHAT, store, logger, parse: parseSuppressions });
  let last: Promise<unknown> = Promise.resolve();

  /** One change after another; resolves with whether there was anything to change. */
  function change(make: (before: readonly Suppression[]) => readonly Suppression[]): Promise<boolean> {
    const done = last.then(async () => {
      const next = make(current);
      if (next === current) return false;
      try {
        await store.write([encodeSuppressions(next)]);
      } catch (cause) {
        throw unwritable(`${WHAT} cannot be written; nothing has changed`, cause);
      }
      current = next;
      return true;
    });
    last = done.catch(() => undefined);
    return done;
  }

  function without(before: readonly Suppression[], isMeant: (suppression: Suppression) => boolean): readonly Suppression[] {
    return before.some(isMeant) ? before.filter((each) => !isMeant(each)) : before;
  }

  return {
    list: () => current,
    of: (customer) => current.filter((each) => each.customer === undefined || sameCustomer(each.customer, customer)),
    async add(suppression) {
      await change((before) => {
        const others = without(before, (each) => each.rule === suppression.rule && sameCustomer(each.customer, suppression.customer));
        if (others.length >= MAX_SUPPRESSIONS) throw new RaxedError('LIMIT_REACHED', `there are ${MAX_SUPPRESSIONS} suppressions already, as many as a daemon keeps`);
        return [...others, suppression];
      });
    },
    remove: (rule, customer) => change((before) => without(before, (each) => each.rule === rule && sameCustomer(each.customer, customer))),
    async forget(customer) {
      await change((before) => without(before, (each) => sameCustomer(each.customer, customer)));
    },
    async prune() {
      await change((before) => without(before, ({ until }) => until !== undefined && until + KEPT_MS <= clock.now()));
    },
  };
}

/** When a suppression ends that is to last `7d`, or until a time in ISO 8601; undefined when it is neither, or lies not ahead. */
export function expiryOf(text: string, nowMs: number): number | undefined {
  const [, amount, unit] = /^(\d{1,4})([mhdw])$/.exec(text) ?? [];
  const untilMs = amount !== undefined && unit !== undefined
    ? nowMs + Number(amount) * (UNIT_MS[unit] ?? 0)
    : FORMATS['timestamp']?.(text, { isCron: () => false }) === undefined ? Date.parse(text) : Number.NaN;
  return untilMs > nowMs ? untilMs : undefined;
}

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };

function sameCustomer(a: StreamId | undefined, b: StreamId | undefined): boolean {
  return a?.msspId === b?.msspId && a?.customerId === b?.customerId;
}

function encodeSuppressions(suppressions: readonly Suppression[]): string {
  const entries = suppressions.map(({ rule, customer, reason, until, createdMs }): Static<typeof Entry> => ({
    rule,
    ...(customer === undefined ? {} : { mssp_id: customer.msspId, customer_id: customer.customerId }),
    ...(reason === undefined ? {} : { reason }),
    ...(until === undefined ? {} : { expires: new Date(until).toISOString() }),
    created: new Date(createdMs).toISOString(),
  }));
  return `${JSON.stringify({ version: 1, suppressions: entries })}\n`;
}

/** What is not understood is left out: it is better to report too much than too little. */
function parseSuppressions(json: unknown): { readonly state: readonly Suppression[]; readonly damaged: boolean } {
  if (json === undefined || !TypeCompiler.Compile(SuppressionsFile).Check(json)) return { state: [], damaged: json !== undefined };
  const check = TypeCompiler.Compile(Entry);
  const state = json.suppressions.flatMap((entry) => (check.Check(entry) ? suppressionOf(entry) ?? [] : []));
  return { state, damaged: state.length < json.suppressions.length };
}

function suppressionOf(entry: Static<typeof Entry>): Suppression | undefined {
  const { rule, mssp_id: msspId, customer_id: customerId, reason, expires, created } = entry;
  const times = [created, ...(expires === undefined ? [] : [expires])].map(Date.parse);
  if (times.some(Number.isNaN) || (msspId === undefined) !== (customerId === undefined)) return undefined;
  return {
    rule, createdMs: Date.parse(created),
    ...(msspId === undefined || customerId === undefined ? {} : { customer: { msspId, customerId } }),
    ...(reason === undefined ? {} : { reason }),
    ...(expires === undefined ? {} : { until: Date.parse(expires) }),
  };
}
