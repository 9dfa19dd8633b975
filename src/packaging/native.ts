import { cpSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { cached } from './cache.js';
import { strip } from './runtime.js';
import type { Runtime } from './runtime.js';
import { call } from './tools.js';

/**
 * The native engine compiled for the runtime of the package (an addon fits only the V8 that it was compiled for), with
 * Debian's flags for programs that face strangers. Takes minutes the first time. The path of `re2.node`.
 */
export function re2Addon(runtime: Runtime): string {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve('re2/package.json');
  const flags = debianFlags();
  const folder = cached('re2', [versionIn(manifest), versionIn(require.resolve('nan/package.json')), runtime.version, runtime.arch, compilerVersion(), JSON.stringify(flags)], (draft) => {
    const build = join(draft, 'build-folder');
    cpSync(dirname(manifest), build, { recursive: true, dereference: true, filter: (path) => !path.startsWith(join(dirname(manifest), 'build')) });
    cpSync(dirname(require.resolve('nan/package.json')), join(build, 'node_modules/nan'), { recursive: true, dereference: true });
    // Its own install script would look for a binary on the network first.
    call(runtime.node, [require.resolve('node-gyp/bin/node-gyp.js'), 'rebuild', '--nodedir', runtime.folder, '--jobs', String(availableParallelism())], {
      // binding.gyp asks the `node` in PATH where nan is.
      cwd: build, env: { ...process.env, ...flags, PATH: `${dirname(runtime.node)}:${process.env['PATH'] ?? ''}` },
    });
    renameSync(join(build, 'build/Release/re2.node'), join(draft, 're2.node'));
    rmSync(build, { recursive: true });
    strip(join(draft, 're2.node'));
  });
  return join(folder, 're2.node');
}

/** No debugging information: it would be thrown away, and would make the bytes depend on the folder. */
function debianFlags(): { readonly CXXFLAGS: string; readonly LDFLAGS: string } {
  const env = { ...process.env, DEB_BUILD_MAINT_OPTIONS: 'hardening=+bindnow' };
  const flags = (name: string): string => call('dpkg-buildflags', ['--get', name], { env }).trim();
  const withoutFolder = (text: string): string => text.split(' ').filter((flag) => !/^-(?:g|O\d|ffile-prefix-map=.*)$/.test(flag)).join(' ');
  return { CXXFLAGS: `${withoutFolder(flags('CPPFLAGS'))} ${withoutFolder(flags('CXXFLAGS'))} -g0`, LDFLAGS: flags('LDFLAGS') };
}

function compilerVersion(): string {
  return call('g++', ['-dumpfullversion']).trim();
}

function versionIn(manifest: string): string {
  const read: unknown = JSON.parse(readFileSync(manifest, 'utf8'));
  return typeof read === 'object' && read !== null && 'version' in read && typeof read.version === 'string' ? read.version : '';
}
