import type { Buffer } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import type { ConfigProblem } from '../errors.js';
import { ConfigError, errnoOf } from '../errors.js';
import type { Env } from './paths.js';
import { secretFile, secretPlaces } from './references.js';
import type { Config, SecretRef } from './schema.js';

const MAX_SECRET_BYTES = 64 * 1024;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The secret that `ref` stands for. One trailing line end of a file or credential is dropped; an empty secret is none.
 * Throws ConfigError SECRET_UNAVAILABLE, which names `pointer` and the place, never the content.
 */
export function resolveSecret(ref: SecretRef, env: Env, pointer = ''): string {
  const refuse = (message: string): never => { throw new ConfigError('SECRET_UNAVAILABLE', [{ pointer, message }]); };
  if (typeof ref === 'string') return ref === '' ? refuse('the secret is empty') : ref;
  if ('env' in ref) {
    const value = env[ref.env];
    if (value === undefined) return refuse(`the environment variable ${ref.env} is not set`);
    return value === '' ? refuse(`the environment variable ${ref.env} is empty`) : value;
  }
  const file = secretFile(ref, env);
  const place = 'file' in ref ? `the file ${ref.file}` : `the credential ${ref.credential}`;
  if (file === undefined) return refuse(`${place} needs $CREDENTIALS_DIRECTORY, which is not set (LoadCredential= in the unit)`);
  const read = readSecretFile(file);
  return 'problem' in read ? refuse(`${place} ${read.problem}`) : read.secret;
}

/**
 * Resolves all secrets of a configuration at once; what it returns hands them out by reference without touching
 * the disk again. Throws ConfigError SECRET_UNAVAILABLE that lists every secret that is missing.
 */
export function readSecrets(config: Config, env: Env): (ref: SecretRef) => string {
  const resolved = new Map<SecretRef, string>();
  const problems: ConfigProblem[] = [];
  for (const { pointer, ref } of secretPlaces(config)) {
    try {
      resolved.set(ref, resolveSecret(ref, env, pointer));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new ConfigError('SECRET_UNAVAILABLE', problems);
  return (ref) => resolved.get(ref) ?? resolveSecret(ref, env);
}

function readSecretFile(path: string): { secret: string } | { problem: string } {
  let descriptor: number;
  try {
    // O_NONBLOCK: opening a pipe that nobody writes to must not hang the daemon.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return { problem: `cannot be read (${errnoOf(error) ?? 'unknown error'})` };
  }
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) return { problem: 'is not a regular file' };
    if (stat.size > MAX_SECRET_BYTES) return { problem: `is larger than ${MAX_SECRET_BYTES} bytes` };
    return decode(readFileSync(descriptor));
  } catch (error) {
    return { problem: `cannot be read (${errnoOf(error) ?? 'unknown error'})` };
  } finally {
    closeSync(descriptor);
  }
}

function decode(bytes: Buffer): { secret: string } | { problem: string } {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return { problem: 'is not UTF-8' };
  }
  const secret = text.replace(/\r?\n$/, '');
  return secret === '' ? { problem: 'is empty' } : { secret };
}
