import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { BuildOptions, Metafile, Plugin } from 'esbuild';
import { build } from 'esbuild';
import { bundle } from './bundle.js';
import type { Runtime } from './runtime.js';
import { call } from './tools.js';

const SOURCE = dirname(import.meta.dirname);
const ROOT = dirname(SOURCE);
/** Where the package has what these programs are made of. */
const INSTALLED = '/usr/lib/raxed';
/**
 * Which runtime and which modules the program gets is decided by the package, not by the environment of whoever calls it.
 * (At most 127 bytes: older kernels cut a longer first line.) `env` becomes the runtime; no process is left between.
 */
const FIRST_LINE = `#!/usr/bin/env -S -u NODE_OPTIONS -u NODE_PATH -u NODE_PRESERVE_SYMLINKS_MAIN -u NODE_ICU_DATA ${INSTALLED}/bin/node`;
/** What is compiled ahead: what every command of `raxed ctl` needs. Its daemon is nowhere, and that is said to nobody. */
const COMPILED_FOR = ['ctl', 'status', '--socket', '/nonexistent/raxed.sock'];

const COMMON = {
  absWorkingDir: ROOT,
  format: 'cjs',
  target: 'node24',
  minify: true,
  charset: 'ascii',
  legalComments: 'none',
  metafile: true,
} as const satisfies BuildOptions;

/**
 * Bundles the program into `folder`: `raxed.cjs` (what is called), `program.cjs` with what V8 compiled of it,
 * `worker.mjs`, and the native engine beside them. The npm packages that are in it, by their folders.
 */
export async function writePrograms(folder: string, { version, addon, runtime }: { readonly version: string; readonly addon: string; readonly runtime: Runtime }): Promise<ReadonlySet<string>> {
  const common = { ...bundle(version), ...COMMON };
  const plugins = [...common.plugins, addonPlugin];
  const program = await build({
    ...common, plugins,
    entryPoints: [join(SOURCE, 'packaging/program.ts')],
    outfile: join(folder, 'program.cjs'),
    // The launcher passes these in.
    define: { 'import.meta.url': '__url' },
    banner: { js: '(function(require,__filename){"use strict";var __url=require("node:url").pathToFileURL(__filename).href,module={exports:{}},exports=module.exports;' },
    footer: { js: '})' },
    supported: { 'dynamic-import': false },
  });
  const worker = await build({
    ...common, plugins, format: 'esm',
    entryPoints: [join(SOURCE, 'scanner/worker.ts')],
    outfile: join(folder, 'worker.mjs'),
    banner: { js: "import{createRequire as __raxedRequire}from'node:module';const require=__raxedRequire(import.meta.url);" },
  });
  await build({
    ...common,
    entryPoints: [join(SOURCE, 'packaging/launcher.ts')],
    outfile: join(folder, 'raxed.cjs'),
    define: { 'import.meta.dirname': '__dirname' },
    banner: { js: FIRST_LINE },
  });
  chmodSync(join(folder, 'raxed.cjs'), 0o755);
  cpSync(addon, join(folder, 're2.node'));
  chmodSync(join(folder, 're2.node'), 0o644);
  await compileAhead(folder, runtime);
  return new Set([program, worker].flatMap(({ metafile }) => packagesIn(metafile)));
}

async function compileAhead(folder: string, runtime: Runtime): Promise<void> {
  const draft = mkdtempSync(join(tmpdir(), 'raxed-compile-'));
  try {
    const compiler = join(draft, 'compile.cjs');
    await build({ ...COMMON, bundle: true, platform: 'node', entryPoints: [join(SOURCE, 'packaging/compile.ts')], outfile: compiler });
    // The seed decides about the order of tables in what is written; it is no condition for its use.
    call(runtime.node, ['--random-seed=1', compiler, join(folder, 'program.cjs'), `${INSTALLED}/program.cjs`, ...COMPILED_FOR], { env: {} });
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** The folders of the npm packages that have a file in the bundle. */
function packagesIn({ inputs }: Metafile): string[] {
  return Object.keys(inputs).flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []).map((folder) => join(ROOT, folder));
}

/** The native engine lies beside the programs. */
const addonPlugin: Plugin = {
  name: 'addon',
  setup({ onResolve }) {
    onResolve({ filter: /\.node$/ }, () => ({ path: './re2.node', external: true }));
  },
};
