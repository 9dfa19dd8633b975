import { isUtf8 } from 'node:buffer';
import type { View, ViewKind } from '../view.js';
import { ViewBuilder } from '../view.js';

/** A table of 1 for each of some ASCII characters. */
export function asciiSet(members: string): Uint8Array {
  const set = new Uint8Array(128);
  for (const char of members) set[char.charCodeAt(0)] = 1;
  return set;
}

export interface RunDecoder {
  /** What the runs are made of. */
  readonly members: Uint8Array;
  /** Shorter runs are left alone. */
  readonly min: number;
  /** What a run says, or undefined when it is no text. */
  readonly read: (run: string) => string | undefined;
  /** What may follow a run and belongs to it. */
  readonly tail?: RegExp;
}

const MAX_TAIL = 8;

/**
 * What the encoded runs of a text say, one line each; undefined when none of them says anything readable. A span in it
 * stands for the whole of the runs that it touches. Linear: each run is read once, into no more than itself.
 */
export function runsView(base: View, kind: ViewKind, decoder: RunDecoder): View | undefined {
  const { members, min, read, tail } = decoder;
  const { text } = base;
  const isMember = (at: number): boolean => members[text.charCodeAt(at)] === 1;
  const builder = new ViewBuilder();
  let found = false;
  // A run of n characters covers every nth place, so that most characters need no look at all.
  for (let at = min - 1; at < text.length; at += min) {
    if (!isMember(at)) continue;
    let start = at;
    while (start > 0 && at - start < min && isMember(start - 1)) start--;
    let end = at + 1;
    while (end < text.length && isMember(end)) end++;
    if (end - start >= min) {
      const says = read(text.slice(start, end));
      if (says !== undefined) {
        const whole = end + (tail?.exec(text.slice(end, end + MAX_TAIL))?.[0].length ?? 0);
        if (found) builder.add('\n', start, start);
        builder.add(says, start, whole);
        found = true;
      }
    }
    // What follows the run has not been looked at yet.
    at = Math.max(at, end - 1);
  }
  return found ? builder.view(kind, base) : undefined;
}

/** The text that bytes stand for, when they are one: UTF-8 without control characters, perhaps cut off within a character. */
export function readableText(bytes: Buffer): string | undefined {
  for (let cut = 0; cut < 4; cut++) {
    const whole = bytes.subarray(0, bytes.length - cut);
    if (!isUtf8(whole)) continue;
    const text = whole.toString('utf8');
    return /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(text) ? undefined : text;
  }
  return undefined;
}
