import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { debianChangelog } from './changelog.js';
import { writePrograms } from './programs.js';
import type { Runtime } from './runtime.js';
import { placeRuntime } from './runtime.js';

const ROOT = join(import.meta.dirname, '../..');
/** Of what `npm run build` made. */
const BUILT = ['rules.json', 'rules.bin', 'model.bin', 'config.schema.json'];

export interface StageOptions {
  readonly version: string;
  /** When this version was made; milliseconds since the epoch. */
  readonly at: number;
  readonly runtime: Runtime;
  readonly addon: string;
}

/** Lays out in `folder` what debhelper makes a package of: `debian/`, and under `package/` what it installs. */
export async function stage(folder: string, { version, at, runtime, addon }: StageOptions): Promise<void> {
  const debian = join(folder, 'debian');
  const library = join(folder, 'package/usr/lib/raxed');
  const doc = join(folder, 'package/usr/share/doc/raxed');
  for (const each of [debian, library, doc, join(folder, 'package/etc/raxed')]) mkdirSync(each, { recursive: true });

  await writePrograms(library, { version, addon, runtime });
  for (const name of BUILT) copyFileSync(join(ROOT, 'dist', name), join(library, name));
  placeRuntime(runtime, join(library, 'bin'));

  const templates = join(ROOT, 'systemd/debian');
  for (const name of readdirSync(templates)) cpSync(join(templates, name), join(debian, name));
  copyFileSync(join(templates, 'config.json'), join(folder, 'package/etc/raxed/config.json'));
  for (const [from, to] of [['raxed.service', 'raxed.service'], ['raxed.sysusers', 'raxed.sysusers'], ['raxed.tmpfiles', 'raxed.tmpfiles']] as const) copyFileSync(join(ROOT, 'systemd', from), join(debian, to));
  const maintainer = /^Maintainer: (.+)$/m.exec(readFileSync(join(templates, 'control'), 'utf8'))?.[1] ?? '';
  writeFileSync(join(debian, 'changelog'), debianChangelog(readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8'), { version, maintainer, at }));
  mkdirSync(join(debian, 'source'));
  writeFileSync(join(debian, 'source/format'), '3.0 (native)\n');
  for (const name of ['README.md', 'config.example.json', 'systemd/prometheus-rules.yaml']) copyFileSync(join(ROOT, name), join(doc, name.replace(`${dirname(name)}/`, '')));
}
