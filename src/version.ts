import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './platform/package-root.js';

/** raxed's version, from package.json. */
export const VERSION: string = readVersion();

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest && typeof manifest.version === 'string') return manifest.version;
  throw new TypeError('package.json has no version');
}
