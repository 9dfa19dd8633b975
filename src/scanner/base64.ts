import { isUtf8 } from 'node:buffer';
import { ViewBuilder } from './view.js';
import type { View } from './view.js';

/** Shorter runs are words, and too short for an instruction. */
const MIN_RUN = 24;

/** 1: a base64 character of either alphabet (RFC 4648, sections 4 and 5). */
const BASE64 = new Uint8Array(128);
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_') BASE64[char.charCodeAt(0)] = 1;

/**
 * What the base64 runs of a text say, one line each; undefined when none of them says anything readable.
 * A span in it stands for the whole of the runs that it touches. Linear: each run is decoded once, into less than itself.
 */
export function base64View(base: View): View | undefined {
  const { text } = base;
  const builder = new ViewBuilder();
  let found = false;
  // A run of n characters covers every nth place, so that most characters need no look at all.
  for (let at = MIN_RUN - 1; at < text.length; at += MIN_RUN) {
    if (!isBase64(text.charCodeAt(at))) continue;
    let start = at;
    while (start > 0 && at - start < MIN_RUN && isBase64(text.charCodeAt(start - 1))) start--;
    let end = at + 1;
    while (end < text.length && isBase64(text.charCodeAt(end))) end++;
    if (end - start >= MIN_RUN) {
      const decoded = readable(text.slice(start, end));
      if (decoded !== undefined) {
        const padded = end + (/^={1,2}/.exec(text.slice(end, end + 2))?.[0].length ?? 0);
        if (found) builder.add('\n', start, start);
        builder.add(decoded, start, padded);
        found = true;
      }
    }
    // What follows the run has not been looked at yet.
    at = Math.max(at, end - 1);
  }
  return found ? builder.view('base64', base) : undefined;
}

function isBase64(code: number): boolean {
  return code < 128 && BASE64[code] === 1;
}

/** The text that a run stands for, when it is one: UTF-8 without control characters. */
function readable(run: string): string | undefined {
  const bytes = Buffer.from(run, 'base64');
  // A run may be cut off within a character.
  for (let cut = 0; cut < 4; cut++) {
    const whole = bytes.subarray(0, bytes.length - cut);
    if (!isUtf8(whole)) continue;
    const text = whole.toString('utf8');
    return /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(text) ? undefined : text;
  }
  return undefined;
}
