import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import { RaxedError } from '../errors.js';
import type { Origin, Scope, Tenant } from './method.js';

/** Whom a listener lets in, and as whom. */
export interface Door {
  originOf(connection: Duplex): Origin;
  /** FORBIDDEN for a request that a web page may have made. */
  sourceProblem(headers: IncomingHttpHeaders): RaxedError | undefined;
  /** UNAUTHORIZED for a request without the token. */
  tokenProblem(headers: IncomingHttpHeaders): RaxedError | undefined;
}

/** Who may open a unix socket is a matter of its mode. */
export function unixDoor(scope: Scope, peerUid: ((connection: Duplex) => Promise<number | undefined>) | undefined): Door {
  return {
    originOf(connection) {
      let known: number | undefined;
      const uid = async (): Promise<number | undefined> => { known ??= await peerUid?.(connection); return known; };
      return { scope, caller: { socket: scope, uid } };
    },
    sourceProblem: () => undefined,
    tokenProblem: () => undefined,
  };
}

/** `localhost`, 127.0.0.0/8 or `[::1]`, perhaps with a port. */
const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

/**
 * Any program on this machine can reach a loopback port, and so can any web page in a browser on it: pages by sending
 * to it (their requests have an Origin) or by a name of their own that leads to it (DNS rebinding: then Host is that name).
 */
export function loopbackSourceProblem(headers: IncomingHttpHeaders): RaxedError | undefined {
  if (headers.origin !== undefined) return new RaxedError('FORBIDDEN', 'web pages are not served here: the request has an Origin');
  return LOOPBACK_HOST.test(headers.host ?? '') ? undefined : new RaxedError('FORBIDDEN', 'Host must be localhost, 127.0.0.1 or [::1], perhaps with a port');
}

/** A loopback port is for one customer, and for those who have the token. */
export function httpDoor({ token, tenant }: { readonly token: () => string | undefined; readonly tenant: Tenant }): Door {
  return {
    originOf: () => ({ scope: 'scan', caller: { socket: 'http', uid: () => Promise.resolve(undefined) }, tenant }),
    sourceProblem: loopbackSourceProblem,
    tokenProblem(headers) {
      const given = /^Bearer +(.+)$/i.exec(headers.authorization ?? '')?.[1];
      if (given === undefined) return new RaxedError('UNAUTHORIZED', 'a bearer token is needed');
      const wanted = token();
      // Node reads headers as latin1; the token's bytes are what counts.
      const right = wanted !== undefined && timingSafeEqual(digest(Buffer.from(given, 'latin1')), digest(Buffer.from(wanted)));
      return right ? undefined : new RaxedError('UNAUTHORIZED', 'the bearer token is not the right one');
    },
  };
}

/** Equally long whatever the token, so that the comparison tells nothing of it. */
function digest(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
