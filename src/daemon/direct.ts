import type { DeliveryOutcome } from '../delivery/outcome.js';
import { describeError } from '../errors.js';
import type { TestEvent, TestPayload } from '../event/event.js';
import type { FilteredEvent } from '../event/privacy.js';
import { encodeEvent, withoutText } from '../event/privacy.js';
import type { Output, Receipt } from '../outputs/output.js';
import { DeliveryError } from '../outputs/output.js';
import type { Clock } from '../ports.js';

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

export interface TestDelivery {
  readonly eventId: string;
  readonly httpStatus: number | undefined;
  readonly durationMs: number;
}

/** Sends a `test` event now, and closes the output. Rejects with what the output rejects with. */
export async function sendTest(output: Output, tenant: TestPayload, deps: DirectDeps & { readonly clock: Clock; readonly ulid: () => string }, signal: AbortSignal): Promise<TestDelivery> {
  const event: TestEvent = {
    event_type: 'test',
    event_id: `evt_${deps.ulid()}`,
    timestamp: new Date(deps.clock.now()).toISOString(),
    payload: tenant,
  };
  const began = deps.clock.monotonic();
  try {
    const { httpStatus } = await sendDirectly(withoutText(event), output, deps, signal);
    return { eventId: event.event_id, httpStatus, durationMs: deps.clock.monotonic() - began };
  } finally {
    await output.close();
  }
}
