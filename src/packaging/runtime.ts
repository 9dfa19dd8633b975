import { chmodSync, cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cached } from './cache.js';
import { BuildError, call } from './tools.js';

/** The Node that the package brings along: an LTS line. A newer one is chosen here, and nowhere else. */
const NODE_VERSION = '24.21.0';

/** Debian's name of this machine's architecture, and Node's. */
const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' } as const;
export type NodeArch = keyof typeof ARCHITECTURES;

export interface Runtime {
  readonly version: string;
  readonly arch: NodeArch;
  readonly debianArch: string;
  /** The program, stripped. */
  readonly node: string;
  /** With `include/node`: what node-gyp calls nodedir. */
  readonly folder: string;
  /** Node's, with those of all that is linked into it. */
  readonly license: string;
}

/** The runtime for this machine, from npm's package of it. Throws BuildError where there is none. */
export function nodeRuntime(arch: string = process.arch): Runtime {
  if (!isSupported(arch)) throw new BuildError(`the package is built on ${Object.values(ARCHITECTURES).join(' or ')}, for the machine that builds it; this is ${arch}`);
  const folder = cached('node', [NODE_VERSION, arch], (draft) => {
    const name = `node-linux-${arch}`;
    writeFileSync(join(draft, 'package.json'), '{}\n');
    call('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--no-save', `${name}@${NODE_VERSION}`], { cwd: draft });
    const installed = join(draft, 'node_modules', name);
    for (const part of ['bin', 'include', 'LICENSE']) renameSync(join(installed, part), join(draft, part));
    rmSync(join(draft, 'node_modules'), { recursive: true });
    strip(join(draft, 'bin/node'));
  });
  return { version: NODE_VERSION, arch, debianArch: ARCHITECTURES[arch], node: join(folder, 'bin/node'), folder, license: join(folder, 'LICENSE') };
}

/** Takes the symbols away that only a debugger needs. */
export function strip(file: string): void {
  call('strip', ['--strip-unneeded', '--remove-section=.comment', '--remove-section=.note', file]);
}

/** Puts the runtime where the package has it. */
export function placeRuntime({ node }: Runtime, folder: string): void {
  mkdirSync(folder, { recursive: true });
  cpSync(node, join(folder, 'node'));
  chmodSync(join(folder, 'node'), 0o755);
}

function isSupported(arch: string): arch is NodeArch {
  return Object.hasOwn(ARCHITECTURES, arch);
}
