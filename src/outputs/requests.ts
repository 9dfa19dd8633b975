import { constants, gzip } from 'node:zlib';

/** What goes into one request: some of a batch's events, each as bytes. */
export interface RequestPart {
  /** Place of the first of them in the batch. */
  readonly from: number;
  readonly pieces: readonly Uint8Array[];
}

export interface RequestLimits {
  readonly events: number;
  /** Of the body before it is compressed, counting one separator for each event. */
  readonly bytes: number;
}

/**
 * Spreads a batch over as few requests as the limits allow, in order: a batch is measured by its stored bytes, and what
 * is sent may be longer. An event that is too long by itself gets a request of its own: whether it is too long, the
 * receiver says.
 */
export function splitForRequests(pieces: readonly Uint8Array[], limits: RequestLimits): RequestPart[] {
  const parts: { from: number; pieces: Uint8Array[] }[] = [];
  let bytes = 0;
  for (const [from, piece] of pieces.entries()) {
    const part = parts.at(-1);
    const size = piece.byteLength + 1;
    if (part === undefined || part.pieces.length >= limits.events || bytes + size > limits.bytes) {
      parts.push({ from, pieces: [piece] });
      bytes = size;
    } else {
      part.pieces.push(piece);
      bytes += size;
    }
  }
  return parts;
}

/** Around pieces that are JSON values. */
export const JSON_ARRAY = { before: '[', separator: ',', after: ']' } as const;

/** The pieces with one `separator` between two of them, and `before` and `after` around all. */
export function joinPieces(pieces: readonly Uint8Array[], { before = '', separator, after = '' }: { readonly before?: string; readonly separator: string; readonly after?: string }): Buffer {
  const between = Buffer.from(separator);
  return Buffer.concat([Buffer.from(before), ...pieces.flatMap((piece, i) => i === 0 ? [piece] : [between, piece]), Buffer.from(after)]);
}

/** gzip, at the level that costs the least time: what JSON saves, it saves there already. */
export function compress(body: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    gzip(body, { level: constants.Z_BEST_SPEED }, (error, compressed) => { if (error === null) resolve(compressed); else reject(error); });
  });
}
