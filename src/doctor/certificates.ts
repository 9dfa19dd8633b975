import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Finding } from './finding.js';
import { judgeOf } from './finding.js';
import type { Pair, Reference } from './references.js';

/** PEM files of the operator, as far as this user could read them. */
export interface CertificatesFacts {
  readonly files: readonly { readonly reference: Reference; readonly pem: string | undefined }[];
  readonly pairs: readonly Pair[];
  readonly now: number;
}

const { ok, warning, problem, notChecked } = judgeOf('certificates');
const DAY_MS = 86_400_000;
export const SOON_MS = 30 * DAY_MS;

export function judgeCertificates({ files, pairs, now }: CertificatesFacts): Finding[] {
  const pemOf = new Map(files.map(({ reference, pem }) => [reference.path, pem]));
  return [
    ...files.filter(({ reference: { kind } }) => kind === 'ca' || kind === 'certificate').flatMap(({ reference, pem }) => judgeFile(reference, pem, now)),
    ...pairs.flatMap((pair) => judgePair(pair, pemOf.get(pair.certificate.path), pemOf.get(pair.key.path))),
  ];
}

function judgeFile({ path, pointer, kind }: Reference, pem: string | undefined, now: number): Finding[] {
  if (pem === undefined) return [notChecked(kind, `${path} (${pointer}), which cannot be read here`)];
  const certificates = certificatesIn(pem);
  const at = `${path} (${pointer})`;
  if (certificates === undefined) return [problem(kind, `${at} holds no certificate that can be read`, `It must be PEM: "-----BEGIN CERTIFICATE-----" and so on. A DER file is turned into it by \`openssl x509 -inform der -in ${path}\`.`)];
  // Of our own certificate the first counts, the others lead to its authority; of authorities each one.
  const judged = kind === 'certificate' ? certificates.slice(0, 1) : certificates;
  const ends = judged.map(({ validTo }) => Date.parse(validTo));
  const last = Math.max(...ends);
  const expired = ends.filter((end) => end <= now).length;
  const data = { path, pointer, valid_to: new Date(last).toISOString(), certificates: certificates.length };
  const advice = kind === 'ca' ? `Ask who runs the receiver for the authority's new certificate and put it into ${path}; it holds from the next connection.` : `Ask who runs the receiver for a new client certificate and put it and its key into their files; they hold from the next connection.`;
  if (last <= now) return [problem(kind, `${at} has expired ${ago(now - last)}`, advice, data)];
  const early = judged.find(({ validFrom }) => Date.parse(validFrom) > now);
  if (early !== undefined && judged.length === 1) return [problem(kind, `${at} is valid only from ${dateOf(Date.parse(early.validFrom))} on, or this machine's clock is wrong`, 'See the clock below; else wait, or ask for another certificate.', data)];
  if (expired > 0) return [warning(kind, `${expired} of the ${judged.length} certificates in ${at} have expired`, advice, data)];
  if (last - now < SOON_MS) return [warning(kind, `${at} expires ${ahead(last - now)}, on ${dateOf(last)}`, advice, data)];
  return [ok(kind, `${at} is valid until ${dateOf(last)}`, data)];
}

function judgePair({ certificate, key }: Pair, certificatePem: string | undefined, keyPem: string | undefined): Finding[] {
  if (certificatePem === undefined || keyPem === undefined) return [notChecked('pair', `whether ${certificate.path} and ${key.path} belong together: they cannot be read here`)];
  const [leaf] = certificatesIn(certificatePem) ?? [];
  if (leaf === undefined) return [];
  try {
    const privateKey = createPrivateKey(keyPem);
    if (leaf.checkPrivateKey(privateKey)) return [ok('pair', `${certificate.path} and ${key.path} belong together`)];
    return [problem('pair', `the key ${key.path} (${key.pointer}) is not the one of the certificate ${certificate.path}`, 'Put the key there that was made with the request for this certificate; the certificate itself must be the first in its file.')];
  } catch {
    return [problem('pair', `${key.path} (${key.pointer}) holds no key that can be used`, keyPem.includes('ENCRYPTED')
      ? `It is protected by a passphrase, which nobody could type: take it off with \`openssl pkey -in ${key.path}\`, and protect the file by its mode (0640 root:raxed).`
      : 'It must be PEM: "-----BEGIN PRIVATE KEY-----" and so on.')];
  }
}

/** Undefined when there is none, or one that cannot be read. */
function certificatesIn(pem: string): X509Certificate[] | undefined {
  const blocks = pem.match(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g);
  try {
    return blocks?.map((block) => new X509Certificate(block));
  } catch {
    return undefined;
  }
}

export function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

export function ahead(ms: number): string {
  return `in ${days(ms)}`;
}

function ago(ms: number): string {
  return `${days(ms)} ago`;
}

function days(ms: number): string {
  const count = Math.floor(ms / DAY_MS);
  return count === 1 ? '1 day' : count === 0 ? 'less than a day' : `${count} days`;
}
