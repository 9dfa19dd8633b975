import { RaxedError, describeError } from '../errors.js';
import type { Terminal } from './terminal.js';
import { askHidden, canAsk } from './terminal.js';
import { readAll, readFileBytes } from './text-input.js';

const MAX_SECRET_BYTES = 64 * 1024;
const STANDARD_INPUT = '-';

/**
 * The secret that `--NAME S` or `--NAME-file F` gives, undefined when neither is there; `-` is standard input, on a terminal
 * a question. One trailing line end is dropped. Throws USAGE or SECRET_UNAVAILABLE, which hold nothing of what was given.
 */
export async function readSecret(name: string, given: { readonly value: string | undefined; readonly file: string | undefined }, terminal: Terminal): Promise<string | undefined> {
  const { value, file } = given;
  if (value !== undefined && file !== undefined) throw new RaxedError('USAGE', `give --${name} or --${name}-file, not both`);
  if (value === '') throw new RaxedError('USAGE', `--${name} is empty`);
  const source = value === STANDARD_INPUT ? value : file;
  if (source === undefined) return value;
  const option = file === undefined ? `--${name}` : `--${name}-file`;
  let content: string;
  try {
    if (source !== STANDARD_INPUT) content = await readAll(readFileBytes(source), MAX_SECRET_BYTES);
    else content = canAsk(terminal) ? await askHidden(name, terminal) : await readAll(terminal.stdin, MAX_SECRET_BYTES);
  } catch (error) {
    throw new RaxedError('SECRET_UNAVAILABLE', `${option}: ${describeError(error)}`, { cause: error });
  }
  const secret = content.replace(/\r?\n$/, '');
  if (secret === '') throw new RaxedError('SECRET_UNAVAILABLE', `${option}: what was read is empty`);
  return secret;
}
