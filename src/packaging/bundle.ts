import { dirname, join } from 'node:path';
import type { BuildOptions, Plugin } from 'esbuild';

const CLI = join(dirname(import.meta.dirname), 'cli');

const lightYargs: Plugin = {
  name: 'light yargs',
  setup({ onResolve }) {
    onResolve({ filter: /^assert$/ }, ({ importer }) => (importer.includes('/yargs/') ? { path: join(CLI, 'assertions.ts') } : undefined));
  },
};

/** What the bundles of `npm run build` and those of the Debian package have in common. */
export const BUNDLE = {
  bundle: true,
  platform: 'node',
  logLevel: 'warning',
  alias: { 'string-width': join(CLI, 'text-width.ts') },
  plugins: [lightYargs],
} satisfies BuildOptions;
