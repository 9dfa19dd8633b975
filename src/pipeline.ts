import type { EntryPoint } from './event/event.js';
import { promptHash, promptLength, scanEvent } from './event/event.js';
import type { FilteredBytes, FilteredEvent, PrivacyPolicy } from './event/privacy.js';
import { applyPrivacy, encodeEvent, matchedTexts } from './event/privacy.js';
import { RaxedError } from './errors.js';
import type { Clock } from './ports.js';
import type { Detection, ScanTexts, Verdict } from './scanner/verdict.js';

export interface ScanRequest {
  readonly texts: ScanTexts;
  readonly msspId?: string | undefined;
  readonly customerId?: string | undefined;
  readonly agentId?: string | undefined;
  readonly integration?: string | undefined;
  readonly platform?: string | undefined;
  readonly version?: string | undefined;
  readonly entryPoint?: EntryPoint | undefined;
  readonly dryRun?: boolean | undefined;
  readonly includeMatches?: boolean | undefined;
}

export interface ScanResult extends Verdict {
  readonly event_id: string;
  readonly prompt_hash?: string;
  readonly prompt_length?: number;
  /** `spooled`: durable, will be delivered. `rejected`: the spool is full. `none`: nothing to deliver. */
  readonly delivery: 'spooled' | 'none' | 'rejected';
  /** Only with includeMatches: the matched texts, unique, in order of first appearance. */
  readonly matches?: readonly string[];
  readonly detections: readonly Detection[];
}

/** What a scan needs to know of its customer. */
export interface ScanTenant {
  readonly msspId: string;
  readonly customerId: string;
  /** Today's, also when a reload came in between. */
  policy(): PrivacyPolicy;
  /** Queues at once, in the same turn; resolves when the event is durable; rejects with SPOOL_FULL or SPOOL_IO. */
  append(payload: FilteredBytes): Promise<unknown>;
}

/** What a request sees of the running daemon; it keeps the one that it began with through a reload. */
export interface ScanContext {
  /** Judges texts as their customer wants it; without one, as the configuration says. */
  readonly scanner: { scan(texts: ScanTexts, customer: { readonly msspId: string; readonly customerId: string } | undefined): Promise<Verdict> };
  readonly sendAll: boolean;
  readonly agentVersion: string;
  readonly agentPlatform: string;
  /** Whom calls are for that name no customer. */
  readonly home: { readonly msspId: string; readonly customerId: string } | undefined;
  /** The daemon's own identity, where it has one. */
  readonly self: { readonly msspId: string; readonly customerId: string; readonly agentId: string; readonly integration: string } | undefined;
  /** Throws MSSP_NOT_FOUND or CUSTOMER_NOT_FOUND. */
  tenant(msspId: string, customerId: string): Promise<ScanTenant>;
}

export interface PipelinePorts {
  readonly clock: Pick<Clock, 'now'>;
  readonly ulid: () => string;
  /** Counts a scan; without an origin it was for nobody. */
  readonly count: (threatDetected: boolean, origin?: { readonly msspId: string; readonly customerId: string; readonly agentId?: string | undefined }) => void;
  /** Sees every event after the privacy filter: for `tail`. */
  readonly observe: (event: FilteredEvent) => void;
}

/** The way of a scan: texts → verdict → event → privacy → spool → verdict to the caller. */
export async function runScan(request: ScanRequest, context: ScanContext, ports: PipelinePorts): Promise<ScanResult> {
  const tenant = await tenantOf(request, context);
  const verdict = await context.scanner.scan(request.texts, tenant);
  const id = `evt_${ports.ulid()}`;
  const agentId = tenant === undefined ? undefined : request.agentId ?? (ownTenant(tenant, context) ? context.self?.agentId : undefined);
  ports.count(verdict.threat_detected, tenant === undefined ? undefined : { msspId: tenant.msspId, customerId: tenant.customerId, agentId });

  const delivery = tenant !== undefined && request.dryRun !== true && (verdict.threat_detected || context.sendAll)
    ? await spoolEvent({ ...request, agentId }, tenant, verdict, id, context, ports)
    : 'none';

  const { prompt } = request.texts;
  return {
    event_id: id,
    ...verdict,
    ...(prompt === undefined ? {} : { prompt_hash: promptHash(prompt), prompt_length: promptLength(prompt) }),
    delivery,
    ...(request.includeMatches === true ? { matches: matchedTexts({ texts: request.texts, verdict }) } : {}),
  };
}

async function spoolEvent(request: ScanRequest, tenant: ScanTenant, verdict: Verdict, id: string, context: ScanContext, ports: PipelinePorts): Promise<'spooled' | 'rejected'> {
  const raw = scanEvent({
    mssp_id: tenant.msspId,
    customer_id: tenant.customerId,
    agent_id: request.agentId,
    entry_point: request.entryPoint ?? 'sdk',
    agent: {
      version: request.version ?? context.agentVersion,
      platform: request.platform ?? context.agentPlatform,
      integration: request.integration ?? context.self?.integration ?? 'raxed',
    },
  }, request.texts, verdict, { now: ports.clock.now(), id });
  // No await between here and the append: a policy made stricter must find the event queued, to rewrite it.
  const filtered = applyPrivacy(tenant.policy(), raw);
  try {
    await tenant.append(encodeEvent(filtered));
  } catch (error) {
    if (error instanceof RaxedError && (error.code === 'SPOOL_FULL' || error.code === 'SPOOL_IO')) return 'rejected';
    throw error;
  }
  ports.observe(filtered);
  return 'spooled';
}

async function tenantOf(request: ScanRequest, context: ScanContext): Promise<ScanTenant | undefined> {
  const msspId = request.msspId ?? (request.customerId === undefined ? context.home?.msspId : undefined);
  const customerId = request.customerId ?? (request.msspId === undefined ? context.home?.customerId : undefined);
  if (msspId !== undefined && customerId !== undefined) return await context.tenant(msspId, customerId);
  if (msspId !== undefined || customerId !== undefined) throw new RaxedError('BAD_REQUEST', 'mssp_id and customer_id go together');
  if (request.dryRun === true) return undefined;
  throw new RaxedError('TENANT_REQUIRED', 'the scan names no customer and the daemon has no own');
}

function ownTenant(tenant: ScanTenant, context: ScanContext): boolean {
  return context.self?.msspId === tenant.msspId && context.self.customerId === tenant.customerId;
}

