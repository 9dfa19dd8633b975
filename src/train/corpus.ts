import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** One labelled text. */
export interface CorpusText {
  readonly text: string;
  readonly attack: boolean;
  readonly family: string;
  /** The file's name without its endings, or that of a grammar. */
  readonly source: string;
  /** Where the file has it from. */
  readonly origin: string;
  readonly license: string;
}

export interface CorpusFile {
  readonly source: string;
  /** SHA-256 of the file, in hex. */
  readonly sha256: string;
  readonly texts: readonly CorpusText[];
}

/** The files of labelled texts in a folder, by name: `*.jsonl` or `*.jsonl.gz`, lines of `{ text, label, family, license }`. */
export function readCorpus(folder: string): CorpusFile[] {
  return readdirSync(folder).filter((name) => /\.jsonl(\.gz)?$/.test(name)).sort().map((name) => {
    const bytes = readFileSync(join(folder, name));
    const source = basename(name).replace(/\.jsonl(\.gz)?$/, '');
    const lines = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').split('\n').filter((line) => line !== '');
    return { source, sha256: createHash('sha256').update(bytes).digest('hex'), texts: lines.map((line, at) => textOf(line, source, at + 1)) };
  });
}

function textOf(line: string, source: string, number: number): CorpusText {
  const { text, label, family, source: origin, license } = JSON.parse(line) as Record<string, unknown>;
  if (typeof text !== 'string' || (label !== 0 && label !== 1)) throw new Error(`${source}:${number}: needs a text and a label of 0 or 1`);
  return { text: text.toWellFormed(), attack: label === 1, family: typeof family === 'string' ? family : '?', source, origin: typeof origin === 'string' ? origin : source, license: typeof license === 'string' ? license : '?' };
}
