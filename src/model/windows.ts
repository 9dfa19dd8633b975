import { KINDS, LINE_END, SPACE } from './alphabet.js';
import type { ModelChannel } from './family.js';

/** What a user says is judged in windows of so many units, each over the last third of the one before it. */
const DIRECT_UNITS = 1200;
const DIRECT_STEP = 800;
/** Sentences shorter than this stand with the next one. */
const MIN_SENTENCE = 40;
const MAX_SENTENCE = 320;
/** How far back a window looks for a space to end at. */
const SEEK_UNITS = 60;

/** The windows [start, end) in which a text is judged. All of them together are at most twice its length. */
export function* windows(text: string, channel: ModelChannel): Generator<readonly [number, number]> {
  yield* channel === 'direct' ? overlapping(text) : sentences(text);
}

function* overlapping(text: string): Generator<readonly [number, number]> {
  for (let start = 0; ; start = softEnd(text, start, start + DIRECT_STEP)) {
    const end = softEnd(text, start, start + DIRECT_UNITS);
    yield [start, end];
    if (end >= text.length) return;
  }
}

function* sentences(text: string): Generator<readonly [number, number]> {
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const length = at + 1 - start;
    if (length >= MIN_SENTENCE && endsSentence(text, at)) {
      yield [start, at + 1];
      start = at + 1;
    } else if (length >= MAX_SENTENCE) {
      const end = softEnd(text, start, at + 1);
      yield [start, end];
      start = end;
    }
  }
  if (start < text.length || text.length === 0) yield [start, text.length];
}

/** A line ends, or a full stop before a space, a quote of JSON, a cell of a table, a tag. */
function endsSentence(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  const next = at + 1 < text.length ? text.charCodeAt(at + 1) : 0x20;
  switch (unit) {
    case 0x2e: case 0x21: case 0x3f: case 0x3b: return KINDS[next] === SPACE || KINDS[next] === LINE_END || next === 0x22;
    case 0x3002: case 0xff01: case 0xff1f: case 0x964: return true;
    // `":` and `",` end a name or a value of JSON.
    case 0x22: return next === 0x3a || next === 0x2c || next === 0x7d;
    case 0x7c: case 0x3e: return true;
    default: return KINDS[unit] === LINE_END;
  }
}

/** An end near `end`, between words if there is a space. */
function softEnd(text: string, start: number, end: number): number {
  if (end >= text.length) return text.length;
  for (let at = end; at > Math.max(start + 1, end - SEEK_UNITS); at--) {
    const kind = KINDS[text.charCodeAt(at)];
    if (kind === SPACE || kind === LINE_END) return at;
  }
  return end;
}
