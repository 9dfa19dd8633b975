import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext, rootCertificates, type ConnectionOptions } from 'node:tls';
import { errnoOf } from '../errors.js';
import { DeliveryError } from './output.js';

/** PEM files of the operator. `caFile` replaces the built-in authorities. */
export interface TlsOptions {
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  /** Instead of the URL's host name, for SNI and for the check of the certificate. */
  readonly serverName?: string | undefined;
}

export interface TlsFiles {
  /**
   * What a new connection needs, from the files as they are now; they are read again only when they changed.
   * Half-written or vanished files leave the last good ones in force; throws DeliveryError `misconfigured` when
   * there never was a good set.
   */
  current(): ConnectionOptions;
  /** For a proxy that speaks TLS itself: the built-in authorities are trusted beside `caFile`, and no certificate of ours is shown. */
  forProxy(): ConnectionOptions;
}

export function createTlsFiles(options: TlsOptions | undefined, skipVerify: boolean): TlsFiles {
  const files = { ca: options?.caFile, cert: options?.certFile, key: options?.keyFile };
  const paths = Object.values(files).filter((path) => path !== undefined);
  const fixed: ConnectionOptions = {
    ...(options?.serverName === undefined ? {} : { servername: options.serverName }),
    rejectUnauthorized: !skipVerify,
  };
  let seen = '';
  let good: Loaded | undefined = paths.length === 0 ? { options: fixed, ca: undefined } : undefined;

  function inForce(): Loaded {
    try {
      const prints = paths.map(printOf).join();
      if (prints === seen && good !== undefined) return good;
      const ca = certificates(files.ca);
      const secureContext = createSecureContext({ ca, cert: certificates(files.cert), key: content(files.key) });
      good = { options: { ...fixed, secureContext }, ca };
      seen = prints;
    } catch (cause) {
      if (good === undefined) throw new DeliveryError('misconfigured', `the TLS files cannot be used (${errnoOf(cause) ?? 'unreadable'})`, { cause });
    }
    return good;
  }

  return {
    current: () => inForce().options,
    forProxy() {
      const { ca } = inForce();
      return { rejectUnauthorized: !skipVerify, ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }) };
    },
  };
}

interface Loaded {
  readonly options: ConnectionOptions;
  readonly ca: Buffer | undefined;
}

/** Changes with the file, also when another takes its name or a link to it is turned. */
function printOf(path: string): string {
  const { mtimeMs, ctimeMs, size, ino } = statSync(path);
  return `${mtimeMs}:${ctimeMs}:${size}:${ino}`;
}

function content(path: string | undefined): Buffer | undefined {
  return path === undefined ? undefined : readFileSync(path);
}

/** OpenSSL skips certificates that it cannot read, and a half-written file of authorities would trust nobody: so each is read. */
function certificates(path: string | undefined): Buffer | undefined {
  const pem = content(path);
  if (pem === undefined) return undefined;
  const blocks = pem.toString('latin1').split(/(?=-----BEGIN [A-Z ]*CERTIFICATE-----)/).filter((block) => block.startsWith('-----BEGIN'));
  if (blocks.length === 0) throw new Error('no certificate in the file');
  for (const block of blocks) new X509Certificate(block);
  return pem;
}
