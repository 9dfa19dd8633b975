import type { DeliveryOutcome } from './delivery/outcome.js';
import { describeError } from './errors.js';
import type { FilteredEvent } from './event/privacy.js';
import { encodeEvent } from './event/privacy.js';
import type { Output, Receipt } from './outputs/output.js';
import { DeliveryError } from './outputs/output.js';

export interface DirectDeps {
  readonly audit: (outcome: DeliveryOutcome) => Promise<void>;
  /** Sees every event that arrived: for `tail`. */
  readonly observe: (event: FilteredEvent) => void;
}

/**
 * Sends one event that is never spooled (a heartbeat, a test), and audits what became of it. Rejects with what the
 * output rejects with. An audit line that cannot be written changes nothing: the audit log counts and logs it itself.
 */
export async function sendDirectly(event: FilteredEvent, output: Output, deps: DirectDeps, signal: AbortSignal): Promise<Receipt> {
  const { payload } = event;
  const audited = (delivery: Pick<DeliveryOutcome, 'deliveryStatus' | 'errorMessage'>, httpStatus: number | undefined): Promise<void> => deps.audit({
    msspId: payload.mssp_id, customerId: 'customer_id' in payload ? payload.customer_id : '', eventId: event.event_id,
    destination: output.name, destinationUrl: output.url, dataMode: 'privacy_safe', dataFieldsSent: [], attempts: 1,
    ...delivery, ...(httpStatus === undefined ? {} : { httpStatus }),
  }).catch(() => undefined);

  let receipt: Receipt;
  try {
    receipt = await output.send([{ event, body: encodeEvent(event) }], signal);
  } catch (error) {
    await audited({ deliveryStatus: 'failed', errorMessage: describeError(error) }, error instanceof DeliveryError ? error.httpStatus : undefined);
    throw error;
  }
  deps.observe(event);
  await audited({ deliveryStatus: 'success' }, receipt.httpStatus);
  return receipt;
}
