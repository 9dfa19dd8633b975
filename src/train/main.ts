import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readCorpus } from './corpus.js';
import { corpusExamples, grammarExamples } from './examples.js';
import { DERIVED } from './folds.js';
import { GRAMMARS } from './grammars/all.js';
import { trainModel } from './training.js';

/**
 * `npm run train -- --data DIR` trains the on-device model and writes `src/model/weights.bin` and its manifest; the same data
 * give the same bytes. `--check` writes nothing, and fails when the bytes are not those that are there.
 */
const USAGE = `npm run train -- --data DIR [--check]

  --data DIR   labelled texts, *.jsonl or *.jsonl.gz
  --check      write nothing; fail when the shipped model is not what the data give
`;
const values = wanted();
const folder = join(import.meta.dirname, '../model');
const startedMs = performance.now();
const files = readCorpus(values.data);
const generated = GRAMMARS.flatMap(grammarExamples);
const examples = [...files.flatMap(corpusExamples), ...generated];
const { bytes, channels } = trainModel(examples, (line) => {
  process.stderr.write(`${((performance.now() - startedMs) / 1000).toFixed(0).padStart(4)} s  ${line}\n`);
});
for (const { report } of channels) process.stdout.write(`${report}\n`);
const manifest = {
  sha256: createHash('sha256').update(bytes).digest('hex'),
  bytes: bytes.length,
  sources: files.map(({ source, sha256, texts }) => ({
    source, sha256, texts: texts.length, trained_on: examples.filter((example) => example.source === source && example.isTrainedOn).length,
    // Of these the model has seen the parents.
    ...(DERIVED.has(source) && { made_of_others: true }),
    licenses: [...new Set(texts.map(({ license }) => license))].sort(),
  })),
  generated: { texts: generated.length, sha256: createHash('sha256').update(JSON.stringify(generated)).digest('hex') },
  grammars: GRAMMARS.map(({ name, channel }) => ({ name, channel })),
  channels: channels.map(({ channel, threshold, macro, rates }) => ({ channel, threshold, out_of_fold: macro, sources: rates })),
};
const written = [['weights.bin', bytes], ['manifest.json', Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`)]] as const;
if (values.check) {
  const different = written.filter(([name, content]) => !readFileSync(join(folder, name)).equals(content)).map(([name]) => name);
  process.stdout.write(different.length === 0 ? 'the shipped model is reproduced bit by bit\n' : `not reproduced: ${different.join(', ')}\n`);
  process.exitCode = different.length === 0 ? 0 : 1;
} else {
  for (const [name, content] of written) writeFileSync(join(folder, name), content);
}

/** What the command line says; ends the process with the usage where it asks for it, or is not understood. */
function wanted(): { readonly data: string; readonly check: boolean } {
  try {
    const { values: { help, data, check } } = parseArgs({ options: { data: { type: 'string' }, check: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } } });
    if (help) {
      process.stdout.write(USAGE);
      process.exit(0);
    }
    if (data !== undefined) return { data, check };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  process.stderr.write(USAGE);
  process.exit(2);
}
