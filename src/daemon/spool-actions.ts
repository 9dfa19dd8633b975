import type { AuditFields } from '../audit/record.js';
import type { CallContext } from '../control/method.js';
import type { DeadChoice, DeadFilter, SpoolActions } from '../control/methods/spool.js';
import type { ReplayResult } from '../delivery/replay.js';
import type { Destinations } from './destinations.js';
import { describeError, RaxedError } from '../errors.js';
import type { FilteredBytes, FilteredEvent } from '../event/privacy.js';
import { decodeEvent } from '../event/privacy.js';
import type { Policies } from './policies.js';
import type { Clock } from '../ports.js';
import type { DeadLetter, DestinationPlace, Spool, StreamId } from '../spool/spool.js';
import { requester } from './tenant-actions.js';

export interface SpoolActionDeps {
  readonly spool: Spool<FilteredBytes>;
  readonly destinations: Pick<Destinations, 'statuses' | 'loop'>;
  readonly policies: Pick<Policies, 'narrow'>;
  readonly generation: () => { readonly config: { readonly mssps: readonly { readonly id: string }[] } };
  /** Writes to the audit log; resolves when it is durable, and never rejects. */
  readonly note: (kind: 'spool', fields: AuditFields) => Promise<void>;
  readonly clock: Pick<Clock, 'now'>;
}

/** One destination of one customer, configured or not. */
interface Place {
  readonly stream: StreamId;
  readonly name: string;
}

/** The letters of one place that were chosen. */
interface Chosen extends Place {
  readonly ids: readonly number[];
}

/** What `spool …` does to the running daemon. */
export function createSpoolActions(deps: SpoolActionDeps): SpoolActions {
  const { spool, destinations, policies } = deps;

  /** The places that fit; throws *_NOT_FOUND when nothing of that name exists. */
  async function placesOf({ mssp, customer, destination }: DeadFilter): Promise<Place[]> {
    const ofMssp = spool.streams().filter(({ msspId }) => mssp === undefined || msspId === mssp);
    const isConfigured = deps.generation().config.mssps.some(({ id }) => id === mssp);
    if (mssp !== undefined && ofMssp.length === 0 && !isConfigured) throw new RaxedError('MSSP_NOT_FOUND', 'there is no MSSP with this id');
    const streams = ofMssp.filter(({ customerId }) => customer === undefined || customerId === customer);
    if (customer !== undefined && streams.length === 0) throw new RaxedError('CUSTOMER_NOT_FOUND', 'there is no customer with this id');
    const places: Place[] = [];
    for (const stream of streams) {
      const held = await (await spool.openStream(stream)).destinations();
      places.push(...held.filter(({ name }) => destination === undefined || name === destination).map(({ name }) => ({ stream, name })));
    }
    if (destination !== undefined && places.length === 0) throw new RaxedError('DESTINATION_NOT_FOUND', 'there is no destination of this name');
    return places;
  }

  async function* lettersOf({ stream, name }: Place, fits: (letter: DeadLetter<FilteredBytes>) => boolean): AsyncGenerator<DeadLetter<FilteredBytes>> {
    const letters = await (await spool.openStream(stream)).deadLetters(name);
    for await (const letter of letters.each()) if (fits(letter)) yield letter;
  }

  async function choose(choice: DeadChoice): Promise<Chosen[]> {
    const { places, fits } = 'id' in choice ? await placeOf(choice.id) : { places: await placesOf(choice.filter), fits: fitsFilter(choice.filter) };
    const chosen: Chosen[] = [];
    for (const place of places) {
      const ids: number[] = [];
      for await (const { id } of lettersOf(place, fits)) ids.push(id);
      if (ids.length > 0) chosen.push({ ...place, ids });
    }
    if ('id' in choice && chosen.length === 0) throw notFound();
    return chosen;
  }

  /** Where the letters of an id are, and which they are: a crash may have left two of one event. */
  async function placeOf(id: string): Promise<{ readonly places: readonly Place[]; readonly fits: (letter: DeadLetter<FilteredBytes>) => boolean }> {
    const [mssp = '', customer = '', destination = '', last] = id.split('/');
    try {
      return { places: await placesOf({ mssp, customer, destination }), fits: (letter) => lastPart(letter, eventOf(letter)) === last };
    } catch (error) {
      throw error instanceof RaxedError && error.code.endsWith('_NOT_FOUND') ? notFound() : error;
    }
  }

  async function replayed({ stream, name, ids }: Chosen, context: CallContext): Promise<ReplayResult> {
    const loop = destinations.loop({ stream, name });
    await deps.note('spool', { event: 'dead_letters_replay', mssp_id: stream.msspId, customer_id: stream.customerId, destination: name, count: ids.length, ...await requester(context) });
    if (loop === undefined) return { delivered: 0, refused: 0, left: ids.length, error: 'the destination is not configured' };
    return loop.replay(ids, context.signal);
  }

  async function purged({ stream, name, ids }: Chosen, context: CallContext): Promise<number> {
    await deps.note('spool', { event: 'dead_letters_purged', mssp_id: stream.msspId, customer_id: stream.customerId, destination: name, count: ids.length, ...await requester(context) });
    return (await (await spool.openStream(stream)).deadLetters(name)).remove(ids);
  }

  return {
    async status() {
      const stats = spool.stats();
      const states = new Map(destinations.statuses().map((status) => [keyOf({ msspId: status.mssp_id, customerId: status.customer_id }, status.name), status.state]));
      const streams = await Promise.all(spool.streams().map(async (stream) => {
        const head = { mssp_id: stream.msspId, customer_id: stream.customerId };
        try {
          const opened = await spool.openStream(stream);
          const held = await opened.destinations();
          const { bytes, oldestTime } = opened.stats();
          return {
            ...head,
            bytes: bytes + sum(held, ({ deadBytes }) => deadBytes),
            ...(oldestTime === undefined ? {} : { oldest: new Date(oldestTime).toISOString() }),
            destinations: held.map((place) => showPlace(place, states.get(keyOf(stream, place.name)), deps.clock.now())),
          };
        } catch (error) {
          return { ...head, bytes: 0, destinations: [], error: describeError(error) };
        }
      }));
      const places = streams.flatMap((stream) => stream.destinations);
      return {
        state: stats.state, bytes: stats.bytes, max_bytes: stats.maxBytes,
        pending: sum(places, ({ pending }) => pending), dead: sum(places, ({ dead }) => dead), rejected: stats.rejected, dropped: stats.dropped,
        streams,
      };
    },

    async list(filter, limit) {
      let newest: { readonly at: number; readonly shown: object }[] = [];
      let total = 0;
      const cut = (): void => { newest = newest.sort((a, b) => b.at - a.at).slice(0, limit); };
      for (const place of await placesOf(filter)) {
        for await (const letter of lettersOf(place, fitsFilter(filter))) {
          total++;
          newest.push({ at: letter.reason.at, shown: showLetter(place, letter, eventOf(letter)) });
          if (newest.length >= 2 * limit) cut();
        }
      }
      cut();
      return { dead: newest.map(({ shown }) => shown), total };
    },

    async show(id) {
      const { places, fits } = await placeOf(id);
      for (const place of places) {
        for await (const letter of lettersOf(place, fits)) {
          const event = eventOf(letter);
          return { ...showLetter(place, letter, event), ...(event === undefined ? {} : { event: policies.narrow(`${place.stream.msspId}/${place.stream.customerId}`, event) }) };
        }
      }
      throw notFound();
    },

    async replay(choice, { dryRun }, context) {
      const chosen = await choose(choice);
      // At once, so that a destination that takes nothing holds up no other.
      const results = await Promise.all(chosen.map(async (each) => ({ ...each, ...(dryRun ? { delivered: each.ids.length, refused: 0, left: 0 } : await replayed(each, context)) })));
      return {
        replayed: sum(results, ({ delivered }) => delivered), failed: sum(results, ({ refused, left }) => refused + left), dry_run: dryRun,
        destinations: results.map(({ stream, name, delivered, refused, left, error }) => ({
          mssp_id: stream.msspId, customer_id: stream.customerId, destination: name, replayed: delivered, refused, left, ...(error === undefined ? {} : { error }),
        })),
      };
    },

    async purge(choice, { dryRun }, context) {
      const chosen = await choose(choice);
      let count = 0;
      for (const each of chosen) count += dryRun ? each.ids.length : await purged(each, context);
      return { purged: count, dry_run: dryRun };
    },
  };
}

function showPlace({ name, attached, pending, oldestPendingTime, dead }: DestinationPlace, state: string | undefined, now: number) {
  const age = oldestPendingTime === undefined ? 0 : Math.max(0, (now - oldestPendingTime) / 1000);
  return { name, state: state ?? (attached ? 'idle' : 'not_configured'), pending, oldest_pending_age_seconds: age, dead };
}

function showLetter({ stream, name }: Place, letter: DeadLetter<FilteredBytes>, event: FilteredEvent | undefined) {
  const { message, httpStatus, attempts, at } = letter.reason;
  return {
    id: `${stream.msspId}/${stream.customerId}/${name}/${lastPart(letter, event)}`,
    mssp_id: stream.msspId, customer_id: stream.customerId, destination: name,
    event_id: event?.event_id ?? 'unknown', event_type: event?.event_type ?? 'unknown',
    at: new Date(at).toISOString(),
    reason: { message, ...(httpStatus === undefined ? {} : { http_status: httpStatus }), attempts },
  };
}

/** The event's own id, which the SOC and the audit log know; a record that is no event has its place in the stream. */
function lastPart(letter: DeadLetter<FilteredBytes>, event: FilteredEvent | undefined): string {
  return event?.event_id ?? `record-${letter.seq}`;
}

function fitsFilter({ reason, since }: DeadFilter): (letter: DeadLetter<FilteredBytes>) => boolean {
  const sinceMs = since === undefined ? -Infinity : Date.parse(since);
  const part = reason?.toLowerCase();
  return (letter) => letter.reason.at >= sinceMs
    && (part === undefined || String(letter.reason.httpStatus) === part || letter.reason.message.toLowerCase().includes(part));
}

function eventOf(letter: DeadLetter<FilteredBytes>): FilteredEvent | undefined {
  try {
    return decodeEvent(letter.payload);
  } catch {
    return undefined;
  }
}

function keyOf({ msspId, customerId }: StreamId, name: string): string {
  return `${msspId}/${customerId}/${name}`;
}

function notFound(): RaxedError {
  return new RaxedError('DEAD_LETTER_NOT_FOUND', 'there is no dead letter with this id');
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}
