import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { ConfigProblem } from '../errors.js';
import { ConfigError, errnoOf } from '../errors.js';
import { parseJsonText } from './json-text.js';
import { holdsSecret } from './references.js';
import type { ParseContext, ParsedConfig } from './schema.js';
import { parseConfig } from './schema.js';

export interface ReadOptions extends Omit<ParseContext, 'folder'> {
  /** A file that is not there counts as `{}`: for the usual place, which nobody named. */
  readonly mayBeMissing?: boolean;
}

export interface LoadedConfig extends ParsedConfig {
  /** Of the bytes that were read; for `watchConfig`, so that no change falls between reading and watching. */
  readonly digest: string;
}

const MAX_FILE_BYTES = 16 * 1024 * 1024;
const READABLE_BY_OTHERS = 0o004;
const WRITABLE_BY_OTHERS = 0o002;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The configuration in `path`, validated whole. Rejects with ConfigError: CONFIG_UNREADABLE, CONFIG_INVALID or
 * SOCKET_PATH_TOO_LONG. Secrets are not resolved here.
 */
export async function readConfigFile(path: string, options: ReadOptions): Promise<LoadedConfig> {
  const file = resolve(path);
  const read = await readBytes(file, options.mayBeMissing === true);
  const parsed = parseConfig(read === undefined ? {} : parseJsonText(decodeUtf8(read.bytes)), { ...options, folder: dirname(file) });
  const warnings: ConfigProblem[] = [...parsed.warnings];
  const mode = read === undefined ? 0 : read.mode & 0o777;
  const open = [
    ...((mode & READABLE_BY_OTHERS) !== 0 && holdsSecret(parsed.config) ? ['holds a secret and is readable by every user'] : []),
    ...((mode & WRITABLE_BY_OTHERS) !== 0 ? ['can be changed by every user'] : []),
  ];
  if (open.length > 0) warnings.push({ pointer: '', message: `${file} ${open.join(', and ')} (mode ${mode.toString(8).padStart(4, '0')}); make it 0600 or 0640, then reload` });
  return { config: parsed.config, warnings, digest: read === undefined ? MISSING : contentDigest(read.bytes) };
}

/** The digest of a file that is not there. */
export const MISSING = 'missing';

export function contentDigest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function readBytes(path: string, mayBeMissing: boolean): Promise<{ bytes: Buffer; mode: number } | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const { mode } = await handle.stat();
    // A stream, because `config check /dev/stdin` has no size beforehand.
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of handle.createReadStream({ autoClose: false, highWaterMark: 256 * 1024 })) {
      const bytes = chunk as Buffer;
      size += bytes.length;
      if (size > MAX_FILE_BYTES) throw unreadable(`${path} is larger than ${MAX_FILE_BYTES} bytes`);
      chunks.push(bytes);
    }
    return { bytes: Buffer.concat(chunks), mode };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    if (mayBeMissing && errnoOf(error) === 'ENOENT') return undefined;
    throw unreadable(`${path} cannot be read (${errnoOf(error) ?? 'unknown error'})`, error);
  } finally {
    await handle?.close();
  }
}

function unreadable(message: string, cause?: unknown): ConfigError {
  return new ConfigError('CONFIG_UNREADABLE', [{ pointer: '', message }], { cause });
}

/** Throws ConfigError CONFIG_INVALID when the bytes are no UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new ConfigError('CONFIG_INVALID', [{ pointer: '', message: 'the file is not UTF-8' }], { cause });
  }
}
