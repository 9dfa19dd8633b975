#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { URL } from 'node:url';

const program = new URL('../dist/cli/main.js', import.meta.url);
if (existsSync(program)) {
  const { start } = await import(program.href);
  await start();
} else {
  process.stderr.write('raxed: INTERNAL: raxed is not built yet. Run `npm ci && npm run build` first.\n');
  process.exitCode = 4;
}
