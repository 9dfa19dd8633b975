import { join } from 'node:path';
import type { BuildOptions, Plugin } from 'esbuild';

const ROOT = join(import.meta.dirname, '../..');
const CLI = join(ROOT, 'src/cli');

const lightYargs: Plugin = {
  name: 'light yargs',
  setup({ onResolve }) {
    onResolve({ filter: /^assert$/ }, ({ importer }) => (importer.includes('/yargs/') ? { path: join(CLI, 'assertions.ts') } : undefined));
  },
};

/** Of package.json nothing goes into a bundle but the version. */
function versionPlugin(version: string): Plugin {
  return {
    name: 'version',
    setup({ onLoad }) {
      onLoad({ filter: new RegExp(`^${ROOT}/package\\.json$`) }, () => ({ contents: JSON.stringify({ version }), loader: 'json' }));
    },
  };
}

/** What the bundles of `npm run build` and those of the Debian package have in common. `version` is what they say that they are. */
export function bundle(version: string) {
  return {
    bundle: true,
    platform: 'node',
    logLevel: 'warning',
    alias: { 'string-width': join(CLI, 'text-width.ts') },
    plugins: [lightYargs, versionPlugin(version)],
  } satisfies BuildOptions;
}
