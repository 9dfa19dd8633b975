import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, lstatSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { callOnce, readOnce } from '../../client/connection.js';
import { GROUPS } from '../../doctor/finding.js';
import { errnoOf, RaxedError } from '../../errors.js';
import type { Asked } from '../bundle/daemon-parts.js';
import { daemonParts } from '../bundle/daemon-parts.js';
import { findFiles, standInParts, stateParts } from '../bundle/file-parts.js';
import { hostParts } from '../bundle/host-parts.js';
import type { Gathered, Part } from '../bundle/part.js';
import { gatherAll, jsonContent } from '../bundle/part.js';
import { readme } from '../bundle/readme.js';
import { tarOf } from '../bundle/tar.js';
import { defineCommand } from '../command.js';
import { documentOf, examineHere } from '../doctor.js';
import type { Io } from '../io.js';
import { wantsColour, written } from '../io.js';
import { counted, field, paint, plain, size } from '../render.js';
import type { CtlArgs } from './daemon-call.js';
import { connectionOptions, ctlOptions } from './daemon-call.js';

export const command = defineCommand({
  examples: [
    ['$0', 'a new file raxed-bundle-….tar.gz here, which only you can read; its README.txt says what is in it'],
    ['$0 --out - | ssh support@mssp.example \'cat > customer.tar.gz\'', 'straight to somewhere else'],
  ],
  values: { out: 'path', config: 'path' },
  build: (parser) => ctlOptions(parser)
    .option('out', { type: 'string', requiresArg: true, describe: 'The archive, or - (standard output)' })
    .option('force', { type: 'boolean', describe: 'Replace a file that is there' })
    .option('config', { type: 'string', requiresArg: true, describe: 'The configuration file of a daemon that does not answer' }),
  async run({ out, force, config, ...args }, io) {
    if (out === '-' && (args.json === true || io.stdout.isTTY === true)) throw new RaxedError('USAGE', '--out - writes the archive to standard output: send it somewhere, without --json');
    const startedAt = performance.now();
    const at = new Date(io.now());
    const host = hostname().replace(/[^A-Za-z0-9.-]/g, '_').slice(0, 64);
    const folder = `raxed-bundle-${host}-${at.toISOString().replace(/[-:]|\.\d+/g, '')}`;

    const { parts, silence } = await partsOf(args, config, io);
    const gathered = await gatherAll(parts, args.timeout, () => performance.now());
    const tookMs = performance.now() - startedAt;
    const files = gathered.flatMap(({ name, content }) => ('text' in content ? [{ name, text: content.text }] : []));
    const story = readme({ madeAt: at.toISOString(), hostname: host, silence, tookMs }, gathered);
    const archive = gzipSync(tarOf(folder, [{ name: 'README.txt', text: story }, ...files], at.getTime()));

    const file = out === '-' ? undefined : out ?? `${folder}.tar.gz`;
    if (file === undefined) await written(io.stdout, archive);
    else writeArchive(resolve(io.cwd, file), archive, { force: force === true }, io);
    await tell({ file, archive, silence, gathered, tookMs, json: args.json === true }, io);
    return 0;
  },
});

/** Asks the daemon first; one that does not answer is why a bundle is made, so that this is no error. */
async function partsOf(args: CtlArgs, configOption: string | undefined, io: Io): Promise<{ readonly parts: readonly Part[]; readonly silence: string | undefined }> {
  const connection = connectionOptions(args, io);
  const asked: Asked = {
    call: (method, params, signal) => callOnce(method, params, { ...connection, signals: [signal] }),
    read: (path, signal) => readOnce(path, { ...connection, signals: [signal] }),
  };
  const doctor: Part = {
    name: 'doctor.json', about: 'doctor --offline: what is wrong on the host, and what to do',
    gather: async () => jsonContent(documentOf(await examineHere({ config: configOption, socket: args.socket, offline: true, timeoutMs: args.timeout, groups: GROUPS }, io))),
  };
  let support: object;
  try {
    support = await callOnce('bundle', {}, connection);
  } catch (error) {
    if (!(error instanceof RaxedError)) throw error;
    const found = await findFiles(configOption, io);
    return { parts: [doctor, ...standInParts(found), ...stateParts(found.stateDir), ...hostParts({ stateDir: found.stateDir, pid: undefined, versions: null })], silence: error.message };
  }
  const stateDir = String(field(field(support, 'places'), 'state_dir'));
  const pid = field(support, 'pid');
  return {
    parts: [doctor, ...daemonParts(support, asked), ...stateParts(stateDir), ...hostParts({ stateDir, pid: typeof pid === 'number' ? pid : undefined, versions: field(support, 'versions') })],
    silence: undefined,
  };
}

/** Mode 0600. Never replaces a file unless told; what is half written goes. Throws USAGE or OUTPUT_FAILED. */
function writeArchive(path: string, archive: Buffer, { force }: { readonly force: boolean }, io: Pick<Io, 'on'>): void {
  // From here on a signal waits until the file is whole, or gone.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) io.on(signal, () => undefined);
  const partial = `${path}.partial`;
  const made: string[] = [];
  const create = (name: string): number => {
    const fd = openSync(name, 'wx', 0o600);
    made.push(name);
    return fd;
  };
  try {
    if (force) {
      if (lstatSync(path, { throwIfNoEntry: false })?.isFile() === false) throw new RaxedError('USAGE', '--out: what is there is no file');
    } else {
      closeSync(create(path));
    }
    rmSync(partial, { force: true });
    const fd = create(partial);
    try {
      writeFileSync(fd, archive);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(partial, path);
  } catch (error) {
    if (error instanceof RaxedError) throw error;
    if (made.length === 0 && errnoOf(error) === 'EEXIST') throw new RaxedError('USAGE', '--out: the file exists already, and is left as it is; --force replaces it');
    for (const left of made) rmSync(left, { force: true });
    throw new RaxedError('OUTPUT_FAILED', `the archive could not be written (${errnoOf(error) ?? 'unknown error'})`, { cause: error });
  }
}

interface Made {
  /** Undefined: standard output. */
  readonly file: string | undefined;
  readonly archive: Buffer;
  readonly silence: string | undefined;
  readonly gathered: readonly Gathered[];
  readonly tookMs: number;
  readonly json: boolean;
}

async function tell({ file, archive, silence, gathered, tookMs, json }: Made, io: Io): Promise<void> {
  const missing = gathered.flatMap(({ name, content }) => ('missing' in content ? [{ name, why: content.missing }] : []));
  const style = paint(wantsColour({ env: io.env, stdout: io.stderr }));
  if (silence !== undefined) await written(io.stderr, `${style.warn('!')} the daemon did not answer: ${plain(silence)}; the bundle holds what its files say\n`);
  if (json) {
    await written(io.stdout, `${JSON.stringify({
      file, bytes: archive.length, sha256: createHash('sha256').update(archive).digest('hex'), seconds: tookMs / 1000,
      daemon: silence === undefined ? { answered: true } : { answered: false, why: silence },
      files: gathered.flatMap(({ name, content }) => ('text' in content ? [{ name, bytes: Buffer.byteLength(content.text), ...('cut' in content ? { cut: content.cut } : {}) }] : [])),
      missing,
    })}\n`);
    return;
  }
  for (const { name, why } of missing) await written(io.stderr, `${style.warn('!')} without ${plain(name)}: ${plain(why)}\n`);
  if (file === undefined) return;
  const good = paint(wantsColour(io)).good('✓');
  await written(io.stdout, `${good} wrote ${plain(file)}: ${counted(gathered.length - missing.length + 1, 'file')}, ${size(archive.length)}\n  Look through it before you send it: README.txt in it says what each file is.\n`);
}
