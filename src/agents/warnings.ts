/** What a heartbeat and `status` warn of, decided from plain facts. */

const SPOOL_SHARE = 0.8;
const CLOCK_TOLERANCE_MS = 30_000;

export function spoolWarnings({ bytes, maxBytes }: { readonly bytes: number; readonly maxBytes: number }): string[] {
  if (bytes <= maxBytes * SPOOL_SHARE) return [];
  return [`the spool holds ${Math.floor((bytes / maxBytes) * 100)} % of spool.max_bytes`];
}

export function heldWarnings(destinations: readonly { readonly mssp_id: string; readonly customer_id: string; readonly name: string; readonly state: string }[]): string[] {
  return destinations.filter(({ state }) => state === 'misconfigured')
    .map(({ mssp_id, customer_id, name }) => `destination ${name} of ${mssp_id}/${customer_id} is held: a setting is wrong`);
}

export interface TimedAnswer {
  /** On our wall clock, milliseconds since the epoch. */
  readonly askedAtMs: number;
  readonly tookMs: number;
  /** The receiver's clock in whole seconds, as of some moment of the request. */
  readonly serverDateMs: number;
}

/** How far our clock is ahead of the receiver's, in milliseconds; right to half the time of the request and half a second. */
export function clockSkewMs({ askedAtMs, tookMs, serverDateMs }: TimedAnswer): number {
  return askedAtMs + tookMs / 2 - (serverDateMs + 500);
}

export function clockWarnings(skewMs: number | undefined): string[] {
  if (skewMs === undefined || Math.abs(skewMs) <= CLOCK_TOLERANCE_MS) return [];
  return [`this machine's clock is ${Math.round(Math.abs(skewMs) / 1000)} s ${skewMs > 0 ? 'ahead of' : 'behind'} the webhook's: signatures may be refused`];
}
