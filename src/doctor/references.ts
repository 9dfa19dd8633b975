import type { Env } from '../config/paths.js';
import { secretFile, secretPlaces } from '../config/references.js';
import type { Config, SecretRef, TlsConfig } from '../config/schema.js';

/** A file beside the configuration that the daemon must be able to read. */
export interface Reference {
  readonly pointer: string;
  readonly path: string;
  readonly kind: 'secret' | 'ca' | 'certificate' | 'key';
}

/** A client certificate and its key. */
export interface Pair {
  readonly certificate: Reference;
  readonly key: Reference;
}

export interface References {
  readonly files: readonly Reference[];
  readonly pairs: readonly Pair[];
  /** Secrets that are elsewhere. */
  readonly env: readonly { readonly pointer: string; readonly name: string }[];
  readonly credentials: readonly { readonly pointer: string; readonly name: string; readonly path: string | undefined }[];
}

/** Each file once, under the first place that names it. */
export function referencesOf(config: Config, env: Env): References {
  const files = new Map<string, Reference>();
  const add = (reference: Reference): Reference => {
    if (!files.has(reference.path)) files.set(reference.path, reference);
    return reference;
  };
  const pairs: Pair[] = [];
  const places = secretPlaces(config).map(({ pointer, ref }) => ({ pointer, ref, path: secretFile(ref, env) }));
  for (const { pointer, ref, path } of places) if (path !== undefined && isFile(ref)) add({ pointer, path, kind: 'secret' });
  for (const { pointer, tls } of tlsPlaces(config)) {
    if (typeof tls === 'boolean') continue;
    if (tls.ca_file !== null) add({ pointer: `${pointer}/ca_file`, path: tls.ca_file, kind: 'ca' });
    if (tls.cert_file === null || tls.key_file === null) continue;
    pairs.push({
      certificate: add({ pointer: `${pointer}/cert_file`, path: tls.cert_file, kind: 'certificate' }),
      key: add({ pointer: `${pointer}/key_file`, path: tls.key_file, kind: 'key' }),
    });
  }
  return {
    files: [...files.values()],
    pairs: [...new Map(pairs.map((pair) => [`${pair.certificate.path}\n${pair.key.path}`, pair])).values()],
    env: places.flatMap(({ pointer, ref }) => (typeof ref !== 'string' && 'env' in ref ? [{ pointer, name: ref.env }] : [])),
    credentials: places.flatMap(({ pointer, ref, path }) => (typeof ref !== 'string' && 'credential' in ref ? [{ pointer, name: ref.credential, path }] : [])),
  };
}

function isFile(ref: SecretRef): boolean {
  return typeof ref !== 'string' && 'file' in ref;
}

function tlsPlaces(config: Config): { pointer: string; tls: TlsConfig }[] {
  return config.mssps.flatMap((mssp, m) => [
    { pointer: `/mssps/${m}/webhook/tls`, tls: mssp.webhook.tls },
    ...mssp.customers.flatMap((customer, c) => [
      ...(customer.webhook === null ? [] : [{ pointer: `/mssps/${m}/customers/${c}/webhook/tls`, tls: customer.webhook.tls }]),
      ...customer.siem.map((siem, s) => ({ pointer: `/mssps/${m}/customers/${c}/siem/${s}/tls`, tls: siem.tls })),
    ]),
  ]);
}
