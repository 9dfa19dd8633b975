import { open, unlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { errnoOf, RaxedError } from '../errors.js';
import type { FilteredEvent } from '../event/privacy.js';
import { decodeEvent, narrowEvent } from '../event/privacy.js';
import { nodeSpoolFiles } from '../platform/spool-files.js';
import type { StoredPolicy } from '../daemon/policies.js';
import type { StoredChoice } from '../spool/stored-events.js';
import { readSpool } from '../spool/stored-events.js';
import { visible } from '../receiver/summary.js';
import type { Io } from './io.js';
import { wantsColour, written } from './io.js';
import { counted, paint, plain } from './render.js';
import type { SpoolPlace } from './spool-place.js';
import { knownPolicies } from './spool-place.js';

export interface ExportOptions {
  readonly choice: StoredChoice;
  /** A file that does not exist; undefined: standard output. */
  readonly output: string | undefined;
  /** Not narrowed to the privacy policy of today. */
  readonly asStored: boolean;
}

interface Target {
  /** False when nobody reads any more. */
  write(text: string): Promise<boolean>;
  close(): Promise<void>;
  /** Leaves nothing that could pass for a whole export. */
  discard(): Promise<void>;
}

const BUFFER_LENGTH = 64 * 1024;
/** Of a customer of whom nothing is known. */
const NO_TEXT: StoredPolicy = { dataMode: 'privacy_safe', dataFields: [] };

/**
 * Writes the events that are wanted and can be read, one JSON object a line, narrowed to today's privacy as far as it is
 * known: where it is not, text is left out. The exit code: 4 when something could not be read. Throws RaxedError.
 */
export async function exportSpool(place: SpoolPlace, { choice, output, asStored }: ExportOptions, io: Io): Promise<number> {
  const policyOf = await knownPolicies(place);
  const target = output === undefined ? toStandardOutput(io) : await toNewFile(resolve(io.cwd, output));
  const counts = { events: 0, withoutPolicy: 0, damaged: 0 };
  let lines: string[] = [];
  let length = 0;
  const flush = async (): Promise<boolean> => {
    const text = lines.join('');
    lines = [];
    length = 0;
    return text === '' || target.write(text);
  };
  const line = (payload: Uint8Array, policy: StoredPolicy | undefined): void => {
    const event = eventOf(payload);
    if (event === undefined) { counts.damaged++; return; }
    const narrowed = asStored ? event : narrowEvent(policy ?? NO_TEXT, event);
    if (policy === undefined && narrowed !== event) counts.withoutPolicy++;
    const text = narrowed === event ? Buffer.from(payload).toString('utf8') : JSON.stringify(narrowed);
    counts.events++;
    lines.push(text, '\n');
    length += text.length;
  };
  try {
    for await (const { id, payloads } of readSpool(place.folder, choice, nodeSpoolFiles, ({ kind }) => { if (kind !== 'torn_tail') counts.damaged++; })) {
      const policy = await policyOf(id);
      for (const payload of payloads) {
        line(payload, policy);
        if (length >= BUFFER_LENGTH && !await flush()) return 0;
      }
    }
    await flush();
    await target.close();
  } catch (error) {
    await target.discard();
    throw error;
  }
  const style = paint(wantsColour({ env: io.env, stdout: io.stderr }));
  io.stderr.write(`${style.good('✓')} ${counted(counts.events, 'event')}${output === undefined ? '' : ` written to ${plain(output)}`}\n`);
  if (counts.withoutPolicy > 0) io.stderr.write(`${style.warn('!')} the text of ${counted(counts.withoutPolicy, 'event')} was left out: today's privacy policy is not known here; give --config, or --as-stored\n`);
  if (counts.damaged === 0) return 0;
  io.stderr.write(`${style.bad('✗')} ${counted(counts.damaged, 'place')} could not be read; \`raxed spool check\` says which\n`);
  return 4;
}

function eventOf(payload: Uint8Array): FilteredEvent | undefined {
  try {
    return decodeEvent(payload);
  } catch {
    return undefined;
  }
}

function toStandardOutput(io: Io): Target {
  // On a terminal nothing may act; inside of JSON's strings an escape means the same character.
  const safe = (text: string): string => (io.stdout.isTTY === true ? text.split('\n').map(visible).join('\n') : text);
  return { write: (text) => written(io.stdout, safe(text)), close: () => Promise.resolve(), discard: () => Promise.resolve() };
}

async function toNewFile(path: string): Promise<Target> {
  const failed = (error: unknown): RaxedError => new RaxedError('OUTPUT_FAILED', `the output could not be written (${errnoOf(error) ?? 'unknown error'})`, { cause: error });
  const handle = await open(path, 'wx', 0o600).catch((error: unknown) => {
    throw errnoOf(error) === 'EEXIST' ? new RaxedError('USAGE', '--output: the file exists already, and is left as it is') : failed(error);
  });
  return {
    write: (text) => handle.appendFile(text).then(() => true, (error: unknown) => { throw failed(error); }),
    close: () => handle.sync().then(() => handle.close()).catch((error: unknown) => { throw failed(error); }),
    async discard() {
      await handle.close().catch(() => undefined);
      await unlink(path).catch(() => undefined);
    },
  };
}
