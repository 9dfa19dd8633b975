import { writeFile } from 'node:fs/promises';
import { RaxedError, errnoOf } from '../errors.js';
import { nodeClock, nodeRandom } from '../platform/node.js';
import { createReceiver, type Delivery } from '../receiver/receiver.js';
import { deliveryJson, summarize, visible } from '../receiver/summary.js';
import type { Input } from './io.js';
import { readSecret } from './secret-input.js';

export interface ReceiverArgs {
  readonly port?: number | undefined;
  readonly host?: string | undefined;
  /** `-`: standard input. */
  readonly secret?: string | undefined;
  readonly secretFile?: string | undefined;
  /** `--no-ssl`: false. */
  readonly ssl?: boolean | undefined;
  readonly fullJson?: boolean | undefined;
  readonly jsonLines?: boolean | undefined;
  /** Answer 401 to what is not validly signed. */
  readonly strict?: boolean | undefined;
  /** Where to write the certificate, for `tls.ca_file`. */
  readonly certificateFile?: string | undefined;
}

/** What the command needs of its process; `process` itself fits. */
export interface ReceiverIo {
  readonly stdin: Input;
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean };
  readonly stderr: { write(text: string): unknown };
  readonly env: Readonly<Record<string, string | undefined>>;
  on(event: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
}

const DEFAULT_PORT = 9001;
const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_SECRET = 'test-secret';

/** `raxed receiver`: shows what arrives until Ctrl-C; resolves with the exit code. Throws RaxedError when it cannot start. */
export async function runReceiver(args: ReceiverArgs, io: ReceiverIo): Promise<number> {
  const stopped = new Promise<void>((resolve) => {
    io.on('SIGINT', resolve);
    io.on('SIGTERM', resolve);
  });
  const colour = io.stdout.isTTY === true && (io.env['NO_COLOR'] ?? '') === '';
  const show = (delivery: Delivery): void => {
    io.stdout.write(args.jsonLines === true
      ? `${deliveryJson(delivery)}\n`
      : `${summarize(delivery, { fullJson: args.fullJson === true, colour })}\n`);
  };
  const receiver = await createReceiver({
    host: args.host ?? DEFAULT_HOST,
    port: args.port ?? DEFAULT_PORT,
    secret: await readSecret('secret', { value: args.secret, file: args.secretFile }, io) ?? DEFAULT_SECRET,
    ssl: args.ssl !== false,
    strict: args.strict === true,
    onDelivery: show,
  }, { clock: nodeClock, random: nodeRandom });
  try {
    if (args.certificateFile !== undefined && receiver.certificate !== undefined) await writeCertificate(args.certificateFile, receiver.certificate);
    // With --json-lines standard output belongs to the deliveries.
    (args.jsonLines === true ? io.stderr : io.stdout).write(greeting(receiver.url, args));
    await stopped;
  } finally {
    await receiver.close();
  }
  return 0;
}

async function writeCertificate(path: string, certificate: string): Promise<void> {
  try {
    await writeFile(path, certificate);
  } catch (error) {
    throw new RaxedError('USAGE', `the file given with --certificate-file cannot be written (${errnoOf(error) ?? 'unknown error'})`, { cause: error });
  }
}

function greeting(url: string, args: ReceiverArgs): string {
  const isDefault = args.secret === undefined && args.secretFile === undefined;
  const lines = [
    `Receiving on ${visible(url)}`,
    `Secret: ${isDefault ? DEFAULT_SECRET : 'as given'}`,
    ...(args.ssl === false ? [] : [args.certificateFile === undefined
      ? 'Self-signed certificate: give the sender RAXE_SKIP_SSL_VERIFY=true, or write it with --certificate-file for tls.ca_file'
      : `Self-signed certificate: ${visible(args.certificateFile)}, for the sender's tls.ca_file`]),
    '✓ signature valid   ✗ invalid   ○ missing   Ctrl-C ends',
  ];
  return `${lines.join('\n')}\n\n`;
}
