import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { COMPLETION_SCRIPTS } from '../cli/completion-scripts.js';
import { ROOT as ROOT_COMMANDS } from '../cli/tree.js';
import { configKeys, siemKeys } from '../config/reference.js';
import { debianChangelog } from './changelog.js';
import { commandReferences } from './command-reference.js';
import { componentsOf } from './components.js';
import { debianCopyright } from './copyright.js';
import { commandsPage } from './man-commands.js';
import { configPage } from './man-config.js';
import { writePrograms } from './programs.js';
import type { Runtime } from './runtime.js';
import { placeRuntime } from './runtime.js';

const ROOT = join(import.meta.dirname, '../..');
/** Of what `npm run build` made. */
const BUILT = ['rules.json', 'rules.bin', 'model.bin', 'config.schema.json'];

/** Where shells look for completions. */
const COMPLETIONS = { bash: 'bash-completion/completions/raxed', zsh: 'zsh/vendor-completions/_raxed' } as const;

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

  const packages = await writePrograms(library, { version, addon, runtime });
  for (const name of BUILT) copyFileSync(join(ROOT, 'dist', name), join(library, name));
  placeRuntime(runtime, join(library, 'bin'));

  const templates = join(ROOT, 'systemd/debian');
  for (const name of readdirSync(templates)) cpSync(join(templates, name), join(debian, name));
  copyFileSync(join(templates, 'config.json'), join(folder, 'package/etc/raxed/config.json'));
  for (const name of ['raxed.service', 'raxed.sysusers', 'raxed.tmpfiles']) copyFileSync(join(ROOT, 'systemd', name), join(debian, name));
  const maintainer = maintainerOf(process.env);
  writeFileSync(join(debian, 'control'), readFileSync(join(templates, 'control'), 'utf8').replace(/^(?=Section:)/m, () => `Maintainer: ${maintainer}\n`));
  writeFileSync(join(debian, 'changelog'), debianChangelog(readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8'), { version, maintainer, at }));
  writeFileSync(join(debian, 'copyright'), debianCopyright({ copyright: 'The raxed developers', components: componentsOf(runtime, packages) }));
  await writeManuals(debian, { version, at });
  for (const shell of ['bash', 'zsh'] as const) {
    const file = join(folder, 'package/usr/share', COMPLETIONS[shell]);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, COMPLETION_SCRIPTS[shell]);
  }
  mkdirSync(join(debian, 'source'));
  writeFileSync(join(debian, 'source/format'), '3.0 (native)\n');
  for (const name of ['README.md', 'config.example.json', 'systemd/prometheus-rules.yaml']) copyFileSync(join(ROOT, name), join(doc, basename(name)));
}

/** Who builds it, as Debian's tools are told; else nobody in particular, at an address that nobody has. */
function maintainerOf({ DEBFULLNAME: name, DEBEMAIL: address }: Readonly<Record<string, string | undefined>>): string {
  return address === undefined || address === '' ? 'raxed maintainers <raxed@example.org>' : `${name ?? 'raxed maintainers'} <${address}>`;
}

async function writeManuals(debian: string, made: { readonly version: string; readonly at: number }): Promise<void> {
  const commands = await commandReferences(ROOT_COMMANDS);
  const example = readFileSync(join(ROOT, 'systemd/debian/config.json'), 'utf8');
  const pages = [
    { file: 'raxed.1', text: commandsPage(commands, { name: 'raxed', section: 1, describe: ROOT_COMMANDS.describe, ...made }) },
    { file: 'raxed-config.5', text: configPage({ keys: configKeys(), siemKeys: siemKeys(), example }, { name: 'raxed-config', section: 5, describe: 'the configuration file of raxed', ...made }) },
  ];
  for (const { file, text } of pages) writeFileSync(join(debian, file), text);
  writeFileSync(join(debian, 'manpages'), pages.map(({ file }) => `debian/${file}\n`).join(''));
}
