import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { judgeCertificates } from '../../src/doctor/certificates.js';
import type { Pair, Reference } from '../../src/doctor/references.js';
import { hasOpenssl, makeCertificates } from '../fixtures/certificates.js';
import { brief, of } from './facts.js';

const DAY_MS = 86_400_000;
const ca: Reference = { pointer: '/tls/ca_file', path: '/etc/raxed/ca.pem', kind: 'ca' };
const certificate: Reference = { pointer: '/tls/cert_file', path: '/etc/raxed/cert.pem', kind: 'certificate' };
const key: Reference = { pointer: '/tls/key_file', path: '/etc/raxed/key.pem', kind: 'key' };
const pair: Pair = { certificate, key };

t.test('certificates and keys of the operator', { skip: hasOpenssl() ? false : 'no openssl' }, (t) => {
  const folder = t.testdir();
  const long = makeCertificates(folder, 'long', { days: 90 });
  const short = makeCertificates(folder, 'short', { days: 10 });
  const old = makeCertificates(folder, 'old', { days: -1 });
  const now = Date.now();
  const judge = (files: readonly (readonly [Reference, string | Buffer | undefined])[], { pairs = [], at = now }: { pairs?: readonly Pair[]; at?: number } = {}) =>
    judgeCertificates({ files: files.map(([reference, pem]) => ({ reference, pem: pem?.toString() })), pairs, now: at });

  t.same(brief(judge([[certificate, long.cert], [key, long.key]], { pairs: [pair] })), ['ok certificates.certificate', 'ok certificates.pair']);
  t.match(of('warning', judge([[certificate, short.cert]])), /cert\.pem \(\/tls\/cert_file\) expires in 9 days, on .* → Ask who runs the receiver/);
  t.match(of('problem', judge([[certificate, old.cert]])), /has expired 1 day ago/);
  t.match(of('problem', judge([[certificate, long.cert]], { at: now - 2 * DAY_MS })), /valid only from .*clock/);
  t.match(of('problem', judge([[ca, long.ca]], { at: now + 3 * DAY_MS })), /ca\.pem .* has expired/);
  t.match(of('warning', judge([[ca, Buffer.concat([old.cert, long.cert])]])), /1 of the 2 certificates .* have expired/);
  t.equal(of('problem', judge([[certificate, Buffer.concat([long.cert, old.cert])]])), '', 'the chain behind our own certificate is the receiver\'s to judge');
  t.match(of('problem', judge([[ca, 'nonsense']])), /holds no certificate .*openssl x509 -inform der/);
  t.match(of('problem', judge([[ca, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n']])), /holds no certificate/);
  t.match(of('not_checked', judge([[ca, undefined]])), /cannot be read here/);

  t.match(of('problem', judge([[certificate, long.cert], [key, short.key]], { pairs: [pair] })), /key\.pem .* is not the one of the certificate \/etc\/raxed\/cert\.pem/);
  t.match(of('problem', judge([[certificate, long.cert], [key, 'nonsense']], { pairs: [pair] })), /no key that can be used → It must be PEM/);
  const locked = join(folder, 'locked.pem');
  execFileSync('openssl', ['pkey', '-in', long.keyFile, '-aes256', '-passout', 'pass:CANARY-PASS', '-out', locked]);
  t.match(of('problem', judge([[certificate, long.cert], [key, readFileSync(locked)]], { pairs: [pair] })), /protected by a passphrase/);
  t.same(brief(judge([[key, undefined]], { pairs: [pair] })), ['not_checked certificates.pair']);
  t.end();
});
