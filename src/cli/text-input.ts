import { createReadStream } from 'node:fs';
import { RaxedError, errnoOf } from '../errors.js';

/** What is read whole: beyond it the machine's memory is not ours to fill. */
export const MAX_INPUT_BYTES = 32 * 1024 * 1024;

type Bytes = AsyncIterable<string | Uint8Array>;

/** A whole input as text. Throws TOO_LARGE beyond `maxBytes`, or BAD_REQUEST when it is not UTF-8. */
export async function readAll(input: Bytes, maxBytes = MAX_INPUT_BYTES): Promise<string> {
  const chunks: Uint8Array[] = [];
  let held = 0;
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk);
    held += bytes.length;
    if (held > maxBytes) throw new RaxedError('TOO_LARGE', `the input has more than ${maxBytes} bytes`);
    chunks.push(bytes);
  }
  const text = decode(Buffer.concat(chunks));
  if (text === undefined) throw new RaxedError('BAD_REQUEST', 'the input is not valid UTF-8');
  return text;
}

/** A file's bytes. Throws BAD_REQUEST when it cannot be read. */
export async function* readFileBytes(path: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) yield chunk;
  } catch (error) {
    throw new RaxedError('BAD_REQUEST', `the file cannot be read (${errnoOf(error) ?? 'unknown error'})`, { cause: error });
  }
}

/** A line, or why it is none. */
export type Line = { readonly text: string } | { readonly problem: 'TOO_LARGE' | 'BAD_REQUEST'; readonly message: string };

const NEWLINE = 0x0a;

/** The lines of an input, one at a time; never holds more than one line of at most MAX_INPUT_BYTES. */
export async function* readLines(input: Bytes): AsyncGenerator<Line> {
  let parts: Uint8Array[] = [];
  let held = 0;
  let tooLong = false;
  const take = (bytes: Uint8Array): void => {
    held += bytes.length;
    if (held > MAX_INPUT_BYTES) { tooLong = true; parts = []; } else if (!tooLong) parts.push(bytes);
  };
  const finish = (): Line => {
    const text = tooLong ? undefined : decode(Buffer.concat(parts));
    const line: Line = tooLong
      ? { problem: 'TOO_LARGE', message: `the line has more than ${MAX_INPUT_BYTES} bytes` }
      : text === undefined ? { problem: 'BAD_REQUEST', message: 'the line is not valid UTF-8' } : { text };
    parts = [];
    held = 0;
    tooLong = false;
    return line;
  };
  for await (const chunk of input) {
    let rest = Buffer.from(chunk);
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE)) {
      take(rest.subarray(0, end));
      yield finish();
      rest = rest.subarray(end + 1);
    }
    // A copy, so that the chunk can go.
    if (rest.length > 0) take(Buffer.from(rest));
  }
  if (held > 0) yield finish();
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
