import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { PeerCertificate } from './output.js';

/**
 * Tells `seen` the certificate of the peer once the handshake is done, before it is judged: one that is refused is the
 * one that an operator needs to see. `secure` is the event that Node's own judgement listens to.
 */
export function watchCertificate(socket: TLSSocket, seen: (certificate: PeerCertificate) => void): void {
  socket.prependOnceListener('secure', () => {
    // Not getPeerX509Certificate: in Node 20 it takes the certificate out of the chain that is then judged.
    const { raw } = socket.getPeerCertificate();
    if (raw === undefined) return;
    const { subject, issuer, validTo, fingerprint256 } = new X509Certificate(raw);
    seen({ subject: oneLine(subject), issuer: oneLine(issuer), validTo: new Date(validTo).toISOString(), sha256: fingerprint256 });
  });
}

/** Node puts each part of a distinguished name on a line of its own. */
function oneLine(name: string): string {
  return name.split('\n').join(', ');
}
