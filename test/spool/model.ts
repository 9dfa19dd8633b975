import assert from 'node:assert';
import type { SpoolReport } from '../../src/spool/spool.js';

/** A record as it was read: which of the events that were given it is, and whether it is in its rewritten form. */
export interface Found {
  readonly seq: number;
  readonly event: number;
  readonly rewritten: boolean;
}

/** What must be true of one customer's stream, whatever happens: kept beside the real one and compared with what is read. */
export class StreamModel {
  /** seq → event, of every append that was acknowledged. */
  readonly acked = new Map<number, number>();
  /** Events that were given to an append, by number; a higher one was given later. */
  given = 0;
  readonly places = new Map<string, Place>();
  readonly letters = new Map<string, LettersModel>();
  /** Records that were reported as lost to some destination. */
  reportedLost = 0;
  /** Events below it must be in their rewritten form. */
  rewrittenBelow = 0;
  readonly #cameBack = new Set<number>();

  report({ kind, destination, count = Infinity }: SpoolReport): void {
    if (kind === 'segment_given_up' || kind === 'torn_tail' || kind === 'full' || kind === 'healed') return;
    const place = this.places.get(destination ?? '');
    // Its cursor is lost: it begins again at the oldest record.
    if (kind === 'damaged' && count === 0 && place !== undefined) losePlace(place);
    if (kind === 'cursor_released') this.places.delete(destination ?? '');
    else if (kind === 'dead_letters_dropped' || kind === 'dead_letters_expired' || (destination !== undefined && count > 0)) this.lettersOf(destination ?? '').reportedLost += count;
    else this.reportedLost += count;
  }

  lettersOf(destination: string): LettersModel {
    let letters = this.letters.get(destination);
    if (letters === undefined) this.letters.set(destination, letters = new LettersModel());
    return letters;
  }

  /** An append of `event` was acknowledged. */
  accepted(seq: number, event: number): void {
    assert.ok(!this.acked.has(seq) || this.#mayComeBack(seq), `seq ${seq} was given twice`);
    this.acked.set(seq, event);
  }

  /** `found`: all that the destination reads from its place on, or a part of it. */
  checkRead(found: readonly Found[]): void {
    let last: Found | undefined;
    for (const record of found) {
      if (last !== undefined) assert.ok(record.seq > last.seq && record.event > last.event, `seq ${record.seq}, event ${record.event} after seq ${last.seq}, event ${last.event}`);
      assert.ok(record.event < this.given, `event ${record.event} was never given`);
      assert.ok((this.acked.get(record.seq) ?? record.event) === record.event || this.#mayComeBack(record.seq), `seq ${record.seq} holds another event`);
      assert.ok(record.rewritten || record.event >= this.rewrittenBelow, `event ${record.event} is as it was before the rewrite`);
      last = record;
    }
  }

  /** Of records that rotted at the end of the log, no disk can tell that their numbers were taken. They were reported, and no cursor has passed them. */
  #mayComeBack(seq: number): boolean {
    this.#cameBack.add(seq);
    return this.#cameBack.size <= this.reportedLost;
  }

  /** `found`: all that is there from `committed` up to `end`. `forgive`: a crash may have come between a loss and its report. */
  checkAll(destination: string, found: readonly Found[], { committed, end, forgive }: { committed: number; end: number; forgive: boolean }): void {
    this.checkRead(found);
    const place = this.places.get(destination);
    assert.ok(place !== undefined);
    assert.ok(committed >= place.sure, `${destination} is at ${committed} after ${place.sure} was durable`);
    const seen = new Set(found.map(({ seq }) => seq));
    for (const seq of place.settled) assert.ok(!seen.has(seq), `${destination} gets ${seq} again, which was durably done`);
    for (const seq of this.acked.keys()) {
      if (seq < place.asked || place.askedBeyond.has(seq) || seq >= end || seen.has(seq) || place.forgiven.has(seq)) continue;
      if (forgive) place.forgiven.add(seq); else place.missing.add(seq);
    }
    assert.ok(place.missing.size <= this.reportedLost, `${destination}, from ${committed}: ${[...place.missing].join()} are lost, ${this.reportedLost} were reported`);
  }
}

/** How far a destination is: a commit that fails, or that a crash interrupts, may have arrived or not. */
export interface Place {
  /** Durable for sure. */
  sure: number;
  /** The furthest that a commit asked for. */
  asked: number;
  /** What is done beyond it for sure, and what a commit said is. */
  readonly settled: Set<number>;
  readonly askedBeyond: Set<number>;
  /** Its cursor is on the disk for sure. */
  durable: boolean;
  readonly missing: Set<number>;
  readonly forgiven: Set<number>;
}

export function placeAt(seq: number, durable: boolean): Place {
  return { sure: seq, asked: seq, settled: new Set(), askedBeyond: new Set(), durable, missing: new Set(), forgiven: new Set() };
}

/** Nothing is sure any more. */
export function losePlace(place: Place): void {
  place.sure = 0;
  place.settled.clear();
}

/** What must be true of one destination's dead letters. */
export class LettersModel {
  /** id → event, of every letter that was acknowledged and not taken out. */
  readonly kept = new Map<number, number>();
  /** Events that were taken out for sure. */
  readonly gone = new Set<number>();
  given = 0;
  reportedLost = 0;
  readonly #forgiven = new Set<number>();

  check(found: readonly { readonly id: number; readonly event: number }[], forgive: boolean): void {
    let last = -1;
    for (const { id, event } of found) {
      assert.ok(id > last && event < this.given, `letter ${id} (event ${event}) after ${last}`);
      // As with the numbers of records: those of a rotten end are given again.
      assert.ok(this.reportedLost > 0 || (this.kept.get(id) ?? event) === event, `letter ${id} is another`);
      assert.ok(!this.gone.has(event), `letter ${id} was taken out and is back`);
      last = id;
    }
    const seen = new Set(found.map(({ id }) => id));
    const missing = [...this.kept.keys()].filter((id) => !seen.has(id) && !this.#forgiven.has(id));
    if (forgive) missing.forEach((id) => this.#forgiven.add(id));
    else assert.ok(missing.length <= this.reportedLost, `letters ${missing.join()} are lost, ${this.reportedLost} were reported`);
  }
}
