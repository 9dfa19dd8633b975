import type { PeerCertificate } from '../outputs/output.js';

/** How far a connection to a target came, step by step. What was not come to is absent. */
export interface Reach {
  /** The proxy on the way, `host:port`. */
  readonly proxy?: string;
  readonly lookup?: Lookup;
  readonly connectMs?: number;
  readonly tls?: Handshake;
  /** What the receiver said when it was asked for its health, or for nothing (HEAD). */
  readonly answer?: Answer;
  readonly failure?: Failure;
}

export interface Lookup {
  /** The target's, or the proxy's, who looks the target up itself. */
  readonly host: string;
  readonly addresses: readonly string[];
  readonly ms: number;
}

export interface Handshake {
  readonly protocol: string;
  readonly certificate: PeerCertificate | undefined;
  /** `subjectAltName`, without the kinds. */
  readonly names: readonly string[];
  /** Node's or OpenSSL's code for what is wrong with the certificate; undefined: it is trusted. */
  readonly distrusted: string | undefined;
}

export interface Answer {
  readonly status?: number;
  /** What time the receiver has: milliseconds since the epoch, in whole seconds. */
  readonly serverDate?: number;
  /** When the answer was there, by this clock. */
  readonly at: number;
  /** What it proves; undefined for a HEAD. */
  readonly checked?: string;
}

export interface Failure {
  readonly stage: 'files' | 'lookup' | 'connect' | 'proxy' | 'tls' | 'answer';
  /** An errno, an OpenSSL code, a FailureKind of the outputs, or one of those below. */
  readonly code: string;
  /** In the words of `outputs/status.ts` or of the vendor's output, which hold no secret. */
  readonly says?: string;
  /** By the answer that refused us. */
  readonly serverDate?: number;
  readonly at?: number;
}

export const TIMEOUT = 'TIMEOUT';
/** The target's secret cannot be resolved here. */
export const NO_SECRET = 'NO_SECRET';
