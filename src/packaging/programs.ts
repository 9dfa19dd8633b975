import { createHash } from 'node:crypto';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
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
/** What is compiled ahead: what these command lines need until they find no daemon and no rules, which is said to nobody. */
const COMPILED_FOR = { 'ctl.cjs': ['ctl', 'status', '--socket', '/nonexistent/raxed.sock'], 'program.cjs': ['scan', '--json', 'What is the capital of France?'] } as const;
/** What `ctl.cjs` leaves to `program.cjs`: the modules of commands that do their work themselves. With them it would take a third longer to start. */
const LEFT_OUT = ['./local-commands.js', './spool.js', './doctor.js', './completion.js', './ctl/bundle.js'];
/** V8's collector leaves its marks in one of eleven, often the same: what came up so many times has none. */
const ALIKE = 5;
/** A V8 that never repeats itself makes a package all the same, which is not the same bytes each time. */
const MAX_TRIES = 100;

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
 * Bundles the program into `folder`: `raxed.cjs` (what is called), `program.cjs`, of which `ctl.cjs` is what starts quickly, each
 * with what V8 compiled of it, `worker.mjs`, and the native engine beside them. The npm packages that are in it, by their folders.
 */
export async function writePrograms(folder: string, { version, addon, runtime }: { readonly version: string; readonly addon: string; readonly runtime: Runtime }): Promise<ReadonlySet<string>> {
  const common = { ...bundle(version), ...COMMON };
  const plugins = [...common.plugins, addonPlugin];
  const [program, ctl] = await Promise.all([{ name: 'program.cjs', more: [] }, { name: 'ctl.cjs', more: [leaveOut] }].map(({ name, more }) => build({
    ...common,
    plugins: [...plugins, ...more],
    entryPoints: [join(SOURCE, 'packaging/program.ts')],
    outfile: join(folder, name),
    // The launcher passes these in.
    define: { 'import.meta.url': '__url' },
    banner: { js: '(function(require,__filename,__runProgram){"use strict";var __url=require("node:url").pathToFileURL(__filename).href,module={exports:{}},exports=module.exports;' },
    footer: { js: '})' },
    supported: { 'dynamic-import': false },
  })));
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
  return new Set([program, ctl, worker].flatMap((made) => (made === undefined ? [] : packagesIn(made.metafile))));
}

async function compileAhead(folder: string, runtime: Runtime): Promise<void> {
  const draft = mkdtempSync(join(tmpdir(), 'raxed-compile-'));
  try {
    const compiler = join(draft, 'compile.cjs');
    await build({ ...COMMON, bundle: true, platform: 'node', entryPoints: [join(SOURCE, 'packaging/compile.ts')], outfile: compiler });
    for (const [name, words] of Object.entries(COMPILED_FOR)) {
      const compiled = join(folder, `${name}.cache`);
      const times = new Map<string, number>();
      for (let tries = 0, digest = ''; tries < MAX_TRIES && (times.get(digest) ?? 0) < ALIKE; tries++) {
        // The seed decides about the order of tables in what is written; it is no condition for its use.
        call(runtime.node, ['--random-seed=1', compiler, join(folder, name), `/nonexistent/${name}`, ...words], { env: {} });
        digest = createHash('sha256').update(readFileSync(compiled)).digest('hex');
        times.set(digest, (times.get(digest) ?? 0) + 1);
      }
    }
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** The folders of the npm packages that have a file in the bundle. */
function packagesIn({ inputs }: Metafile): string[] {
  return Object.keys(inputs).flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []).map((folder) => join(ROOT, folder));
}

/** In the place of a module that is left out stands a promise that the whole program is run instead, with the same command line. */
const leaveOut: Plugin = {
  name: 'leave out',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\./ }, ({ kind, path, importer }) => (kind === 'dynamic-import' && dirname(importer) === join(SOURCE, 'cli') && LEFT_OUT.includes(path) ? { path, namespace: 'left-out' } : undefined));
    onLoad({ filter: /./, namespace: 'left-out' }, () => ({ contents: 'module.exports={then:__runProgram}' }));
  },
};

/** The native engine lies beside the programs. */
const addonPlugin: Plugin = {
  name: 'addon',
  setup({ onResolve }) {
    onResolve({ filter: /\.node$/ }, () => ({ path: './re2.node', external: true }));
  },
};
