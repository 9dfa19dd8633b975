import type { SiemTest } from '../control/methods/siem.js';
import type { DeliveryOutcome } from '../delivery/outcome.js';
import { describeError, RaxedError } from '../errors.js';
import type { TestEvent, TestPayload } from '../event/event.js';
import type { FilteredEvent } from '../event/privacy.js';
import { encodeEvent, withoutText } from '../event/privacy.js';
import type { Output, Receipt } from '../outputs/output.js';
import { DeliveryError, type Health, type PeerCertificate, type SiemOutput } from '../outputs/output.js';
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
  readonly receipt: Receipt;
  readonly durationMs: number;
}

export interface TestDeps extends DirectDeps {
  readonly clock: Clock;
  readonly ulid: () => string;
}

/** Sends a `test` event now, and closes the output. Rejects with what the output rejects with. */
export async function sendTest(output: Output, tenant: TestPayload, deps: TestDeps, signal: AbortSignal): Promise<TestDelivery> {
  const event: TestEvent = {
    event_type: 'test',
    event_id: `evt_${deps.ulid()}`,
    timestamp: new Date(deps.clock.now()).toISOString(),
    payload: tenant,
  };
  const began = deps.clock.monotonic();
  try {
    const receipt = await sendDirectly(withoutText(event), output, deps, signal);
    return { eventId: event.event_id, receipt, durationMs: deps.clock.monotonic() - began };
  } finally {
    await output.close();
  }
}

export interface SiemTrial {
  readonly tenant: TestPayload;
  /** Sends no event: asks only for its health. */
  readonly checkOnly: boolean;
}

/**
 * Tries a SIEM out now, and closes its output. Rejects with DELIVERY_FAILED, which names it and says what it answered,
 * how long that took and which certificate it showed.
 */
export async function trySiem(output: SiemOutput, { tenant, checkOnly }: SiemTrial, deps: TestDeps, signal: AbortSignal): Promise<SiemTest> {
  const { clock } = deps;
  const began = clock.monotonic();
  try {
    const { eventId, receipt } = checkOnly ? { eventId: undefined, receipt: await healthOf(output, signal) } : await sendTest(output, tenant, deps, signal);
    const { httpStatus, says } = receipt;
    const certificate = output.certificate();
    return {
      name: output.name, type: output.type, url: output.url, delivered: !checkOnly,
      ...(eventId === undefined ? {} : { event_id: eventId }),
      ...('checked' in receipt ? { checked: receipt.checked } : {}),
      ...(httpStatus === undefined ? {} : { http_status: httpStatus }),
      ...(says === undefined ? {} : { says }),
      duration_ms: clock.monotonic() - began,
      ...(certificate === undefined ? {} : { certificate: { subject: certificate.subject, issuer: certificate.issuer, valid_to: certificate.validTo, sha256: certificate.sha256 } }),
    };
  } catch (error) {
    const failed = checkOnly ? 'is not ready' : 'did not take the test event';
    const after = `after ${Math.round(clock.monotonic() - began)} ms${shown(output.certificate())}`;
    throw new RaxedError('DELIVERY_FAILED', `${output.name} at ${output.url} ${failed}: ${describeError(error)} (${after})`, { cause: error });
  }
}

async function healthOf(output: SiemOutput, signal: AbortSignal): Promise<Health> {
  try {
    return await output.healthCheck(signal);
  } finally {
    await output.close();
  }
}

function shown(certificate: PeerCertificate | undefined): string {
  if (certificate === undefined) return '';
  const { subject, issuer, validTo, sha256 } = certificate;
  return `; its certificate is ${subject}, of ${issuer}, valid until ${validTo}, SHA-256 ${sha256}`;
}
