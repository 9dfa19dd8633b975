import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { configJsonSchema } from './config/schema.js';
import { packageRoot } from './platform/package-root.js';
import { writeBuiltinRules } from './scanner/builtin.js';

/**
 * Makes `dist/` from `src/`: one bundle with lazily loaded chunks (a third of the start time of loose modules),
 * the built-in rules as JSON, and the configuration's schema for editors. `--if-needed` does nothing when `dist/` is newer than every source.
 */
const source = join(packageRoot, 'src');
const dist = join(packageRoot, 'dist');
const rulesFile = join(dist, 'rules.json');

if (!process.argv.includes('--if-needed') || newest(source) > (existsSync(rulesFile) ? statSync(rulesFile).mtimeMs : 0)) {
  rmSync(dist, { recursive: true, force: true });
  await build({
    entryPoints: [join(source, 'cli/main.ts'), join(source, 'scanner/worker.ts')],
    outdir: dist,
    outbase: source,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['re2'],
    alias: { 'string-width': join(source, 'cli/text-width.ts') },
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'linked',
    // CommonJS dependencies inside an ES module bundle need a `require`; the alias cannot collide with theirs.
    banner: { js: "import{createRequire as __raxedRequire}from'node:module';const require=__raxedRequire(import.meta.url);" },
    logLevel: 'warning',
  });
  writeFileSync(join(dist, 'config.schema.json'), `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
  await writeBuiltinRules(join(source, 'scanner/rules'), rulesFile);
}

function newest(folder: string): number {
  return Math.max(0, ...readdirSync(folder, { withFileTypes: true }).map((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? newest(path) : statSync(path).mtimeMs;
  }));
}
