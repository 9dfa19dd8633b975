import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describeError, errnoOf } from '../errors.js';
import { VERSION } from '../version.js';
import { re2Addon } from './native.js';
import { nodeRuntime } from './runtime.js';
import { stage } from './stage.js';
import { BuildError, call, requirePrograms } from './tools.js';

/**
 * `npm run package:deb [-- --out DIR] [--package-version VERSION]`: makes `raxed_VERSION_ARCH.deb` for this machine's
 * architecture from a checkout where `npm ci` ran, and says how big it is.
 */
const ROOT = join(import.meta.dirname, '../..');
/** deb-version(7), without epoch and revision. */
const DEBIAN_VERSION = /^\d[A-Za-z0-9.+~-]*$/;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { out: { type: 'string', default: ROOT }, 'package-version': { type: 'string' } } });
  const version = values['package-version'] ?? VERSION;
  if (!DEBIAN_VERSION.test(version)) throw new BuildError('--package-version takes a version such as 1.2.3 or 1.2.3~test1');
  requirePrograms(['dh', 'dpkg-buildpackage', 'strip', 'g++', 'make', 'python3', 'npm']);
  const began = performance.now();
  const say = (text: string): void => { process.stdout.write(`${text}\n`); };
  const runtime = nodeRuntime();
  say(`Node ${runtime.version} (${seconds(began)})`);
  const addon = re2Addon(runtime);
  say(`RE2 for it (${seconds(began)})`);
  call('npm', ['run', '--silent', 'prestart'], { cwd: ROOT });
  say(`dist/ (${seconds(began)})`);

  const at = madeAt();
  const folder = mkdtempSync(join(tmpdir(), 'raxed-deb-'));
  try {
    const tree = join(folder, `raxed-${version}`);
    await stage(tree, { version, at, runtime, addon });
    say(`staged (${seconds(began)})`);
    const name = `raxed_${version}_${runtime.debianArch}.deb`;
    call('dpkg-buildpackage', ['--build=binary', '--unsigned-changes', '--unsigned-source'], { cwd: tree, env: { ...process.env, SOURCE_DATE_EPOCH: String(Math.floor(at / 1000)), LC_ALL: 'C.UTF-8' } });
    const target = join(resolve(values.out), name);
    mkdirSync(resolve(values.out), { recursive: true });
    call('cp', [join(folder, name), target]);
    say(`packed (${seconds(began)})\n\n${target}`);
    sizes(tree, target).forEach(say);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The time that all files of the package get: SOURCE_DATE_EPOCH, else that of the newest commit. */
function madeAt(): number {
  const given = process.env['SOURCE_DATE_EPOCH'] ?? '';
  if (/^\d{1,12}$/.test(given)) return Number(given) * 1000;
  return Number(call('git', ['log', '-1', '--format=%ct'], { cwd: ROOT }).trim()) * 1000;
}

function sizes(tree: string, deb: string): string[] {
  const installed = Number(call('du', ['--summarize', '--bytes', '--apparent-size', join(tree, 'debian/raxed')]).split('\t')[0]);
  const runtime = statSync(join(tree, 'debian/raxed/usr/lib/raxed/bin/node')).size;
  const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  return [`package:                       ${mb(statSync(deb).size)}`, `installed:                     ${mb(installed)}`, `installed without the runtime: ${mb(installed - runtime)}`];
}

function seconds(began: number): string {
  return `${((performance.now() - began) / 1000).toFixed(1)} s`;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof BuildError) && errnoOf(error)?.startsWith('ERR_PARSE_ARGS_') !== true) throw error;
  process.stderr.write(`package:deb: ${describeError(error)}\n`);
  process.exitCode = 1;
}
