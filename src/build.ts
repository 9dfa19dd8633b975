import { copyFileSync, existsSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { BuildOptions } from 'esbuild';
import { build } from 'esbuild';
import { configJsonSchema } from './config/schema.js';
import { bundle } from './packaging/bundle.js';
import { writeBuiltinRules } from './scanner/builtin.js';
import { VERSION } from './version.js';

/**
 * Makes `dist/` from `src/`: the programs and the library as bundles with lazily loaded chunks (a third of the start time of
 * loose modules), the library's declarations, the built-in rules and what their literals are looked for with, the model's weights, and the configuration's schema for editors.
 * `--if-needed` does nothing when `dist/` is newer than every source.
 */
const packageRoot = dirname(import.meta.dirname);
const source = import.meta.dirname;
const dist = join(packageRoot, 'dist');
/** Becomes `dist/` when it is whole; a build that fails leaves the one before. */
const outdir = join(packageRoot, 'dist.new');
/** What package.json's `exports` names. */
const library = [
  'library.ts', 'client/raxed.ts', 'client/partner.ts', 'client/audit-logger.ts', 'client/siem-adapter.ts', 'client/webhook.ts',
  'client/langchain.ts', 'client/openai.ts', 'client/ai-sdk.ts',
].map((file) => join(source, file));

if (!process.argv.includes('--if-needed') || newest(source) > (existsSync(dist) ? statSync(dist).mtimeMs : 0)) {
  rmSync(outdir, { recursive: true, force: true });
  const common = {
    ...bundle(VERSION),
    outdir,
    outbase: source,
    splitting: true,
    format: 'esm',
    target: 'node20',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'linked',
    // CommonJS dependencies inside an ES module bundle need a `require`; the alias cannot collide with theirs.
    banner: { js: "import{createRequire as __raxedRequire}from'node:module';const require=__raxedRequire(import.meta.url);" },
  } as const satisfies BuildOptions;
  const bundled = Promise.all([
    build({ ...common, entryPoints: [join(source, 'cli/main.ts')], external: ['re2'] }),
    build({ ...common, splitting: false, outbase: join(source, 'scanner'), outExtension: { '.js': '.mjs' }, entryPoints: [join(source, 'scanner/worker.ts')], external: ['re2'] }),
    // On its own: sharing chunks with the programs would make it many small files, each of which takes a millisecond to import.
    // In lines: Node shows the line that an error was thrown in.
    build({ ...common, minifyWhitespace: false, entryPoints: library }),
  ]);
  // Loaded here because the compiler takes half a second, and meanwhile the bundler works in a process of its own.
  const { writeDeclarations } = await import('./declarations.js');
  writeDeclarations(library, { source, outdir });
  await bundled;
  writeFileSync(join(outdir, 'config.schema.json'), `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
  await writeBuiltinRules(join(source, 'scanner/rules'), join(outdir, 'rules.json'));
  const weights = join(source, 'model/weights.bin');
  if (existsSync(weights)) copyFileSync(weights, join(outdir, 'model.bin'));
  rmSync(dist, { recursive: true, force: true });
  renameSync(outdir, dist);
}

function newest(folder: string): number {
  return Math.max(0, ...readdirSync(folder, { withFileTypes: true }).map((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? newest(path) : statSync(path).mtimeMs;
  }));
}
