import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { CHANNELS } from '../../src/scanner/channel.js';
import type { Channel } from '../../src/scanner/channel.js';

/** One labelled text. A line of `*.jsonl` or `*.jsonl.gz`: `{ text, label: 0|1, family?, lang?, channel? }`. */
export interface LabelledText {
  readonly text: string;
  readonly attack: boolean;
  readonly family: string;
  readonly lang: string;
  /** The file's name without its ending. */
  readonly source: string;
  /** Of the file, in hex. */
  readonly sha256: string;
  readonly channel: Channel;
}

/** Where the text of a family stands when an application meets it; everything else is what a user wrote. */
const CHANNEL_OF: Readonly<Record<string, Channel>> = { RAG: 'rag_context', TOOL: 'tool_results' };

/** The labelled texts of a folder, file by file. Throws with the file and line of what is not understood. */
export function* readTexts(folder: string): Generator<LabelledText> {
  for (const name of readdirSync(folder).filter((file) => /\.jsonl(\.gz)?$/.test(file)).sort()) {
    const bytes = readFileSync(join(folder, name));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const lines = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').split('\n');
    for (const [index, line] of lines.entries()) {
      if (line === '') continue;
      const row = JSON.parse(line) as Record<string, unknown>;
      const { text, label, family, lang, channel } = row;
      if (typeof text !== 'string' || (label !== 0 && label !== 1)) throw new Error(`${name}:${index + 1}: needs a text and a label of 0 or 1`);
      const familyName = typeof family === 'string' ? family : '?';
      yield {
        text, attack: label === 1, family: familyName, lang: typeof lang === 'string' ? lang : '?',
        source: basename(name).replace(/\.jsonl(\.gz)?$/, ''), sha256,
        channel: CHANNELS.find((name) => name === channel) ?? CHANNEL_OF[familyName] ?? 'prompt',
      };
    }
  }
}
