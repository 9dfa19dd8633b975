import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import type { Component } from './copyright.js';
import type { Runtime } from './runtime.js';
import { BuildError } from './tools.js';

const ROOT = join(import.meta.dirname, '../..');

/** What is in the package beside raxed: the runtime, the native engine with what is compiled into it, the npm packages of the bundles. */
export function componentsOf(runtime: Runtime, packages: ReadonlySet<string>): Component[] {
  const require = createRequire(import.meta.url);
  const re2 = dirname(require.resolve('re2/package.json'));
  const vendored = (name: string, license: string): Component => ({
    files: `${relative(ROOT, re2)}/vendor/${name}/*`, name, version: 'in re2', license, text: readFileSync(join(re2, 'vendor', name, 'LICENSE'), 'utf8'),
  });
  const others = new Set([...packages, re2, dirname(require.resolve('nan/package.json'))]);
  return [
    { files: 'usr/lib/raxed/bin/node', name: 'Node.js', version: runtime.version, license: 'Expat-and-others-of-Node.js', text: readFileSync(runtime.license, 'utf8') },
    ...[...others].sort().map(npmComponent),
    vendored('re2', 'BSD-3-Clause'),
    vendored('abseil-cpp', 'Apache-2.0'),
  ];
}

/** Throws BuildError where there is no licence to give along. */
function npmComponent(folder: string): Component {
  const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const texts = typeof manifest === 'object' && manifest !== null ? new Map<string, unknown>(Object.entries(manifest)) : new Map<string, unknown>();
  const [name, version, license] = ['name', 'version', 'license'].map((key) => texts.get(key));
  const file = readdirSync(folder).find((each) => /^(?:licen[sc]e|copying)(?:\.|$)/i.test(each));
  if (typeof name !== 'string' || typeof version !== 'string' || typeof license !== 'string' || file === undefined) throw new BuildError(`${folder} says no licence: it cannot go into the package`);
  return { files: `${relative(ROOT, folder)}/*`, name, version, license, text: readFileSync(join(folder, file), 'utf8') };
}
