import { setMaxListeners } from 'node:events';
import { Agent } from 'node:http';
import { homedir } from 'node:os';
import type { AgentView } from '../control/methods/agent.js';
import type { ConfigureCustomer, CreateCustomer, CustomerStats, CustomerView, RemovedCustomer } from '../control/methods/customer.js';
import type { MsspStats } from '../control/methods/mssp.js';
import { RaxedError } from '../errors.js';
import type { DataField, DataMode } from '../event/event.js';
import { callOnce } from './connection.js';
import { findControlSocket } from './control-socket.js';

export type { AgentView, CustomerStats, CustomerView, DataField, DataMode, MsspStats, RemovedCustomer };

export interface PartnerOptions {
  /** The daemon's control socket; else RAXED_SOCKET, or where one is found (this user's daemon, then the system's). */
  readonly socketPath?: string;
  /** How long a call may take; 30 000 unless told. */
  readonly timeoutMs?: number;
  /** Ends all calls, and the client. */
  readonly signal?: AbortSignal;
}

export interface CallOptions {
  /** Instead of the client's. */
  readonly timeoutMs?: number;
  /** Ends this call with the signal's reason; what the daemon has done by then stays done. */
  readonly signal?: AbortSignal;
}

/** What is left out is not changed, or has the daemon's default. */
export interface CustomerSettings {
  /** What of a threat is sent: no texts (`privacy_safe`, the default), or those of `dataFields`. */
  readonly dataMode?: DataMode;
  /** The texts that are sent in data mode `full`; empty: all. */
  readonly dataFields?: readonly DataField[];
  /** 0 to 90; 0: kept only until delivered. */
  readonly retentionDays?: number;
  /** Seconds (60 to 3600) without a heartbeat after which an agent is offline. */
  readonly heartbeatThreshold?: number;
  /** Where this customer's events go instead of the MSSP's webhook; empty: back to that one. */
  readonly webhookUrl?: string;
  readonly webhookSecret?: string;
  /** The severity from which a scan counts as a threat; this and the following, null: the scanner's. */
  readonly threatAt?: Limit | null;
  /** The severity from which the action is "block". */
  readonly blockAt?: Limit | 'never' | null;
  /** Whether the on-device model is asked. */
  readonly l2Enabled?: boolean | null;
  /** The probability, 0 to 1, from which the model is believed: everywhere, or by channel. */
  readonly l2Threshold?: number | { readonly prompt?: number; readonly rag_context?: number; readonly tool_calls?: number; readonly response?: number } | null;
}

type Limit = 'low' | 'medium' | 'high' | 'critical';

export interface NewCustomer extends CustomerSettings {
  readonly customerId: string;
  readonly name: string;
}

export interface CustomerChanges extends CustomerSettings {
  readonly name?: string;
}

export interface RemovalOptions {
  /** Says what would go, and deletes nothing. */
  readonly dryRun?: boolean;
  /** Lets pending events be delivered first; DRAIN_TIMEOUT, and nothing is deleted, when that takes too long. */
  readonly drain?: boolean;
  /** 60 unless told. */
  readonly drainTimeoutSeconds?: number;
}

export interface WebhookTest {
  readonly delivered: true;
  readonly event_id: string;
  /** Scheme, host and port. */
  readonly url: string;
  readonly http_status?: number;
  readonly duration_ms: number;
}

/**
 * The tenants and agents of one MSSP. Results have the daemon's own field names.
 * Every call throws RaxedError: the daemon's code and message (BAD_REQUEST names the field as the daemon calls it),
 * or DAEMON_UNREACHABLE when no answer came; whether the daemon did what was asked is then not known. An aborted call
 * throws its signal's reason.
 */
export interface PartnerClient {
  /** Throws ALREADY_EXISTS, LIMIT_REACHED or BAD_REQUEST. */
  createCustomer(customer: NewCustomer, call?: CallOptions): Promise<CustomerView>;
  listCustomers(call?: CallOptions): Promise<readonly CustomerView[]>;
  /** Throws CUSTOMER_NOT_FOUND. */
  getCustomer(customerId: string, call?: CallOptions): Promise<CustomerView>;
  /** Changes what is named and nothing else. Throws CUSTOMER_NOT_FOUND, MANAGED_BY_FILE or BAD_REQUEST. */
  configureCustomer(customerId: string, changes: CustomerChanges, call?: CallOptions): Promise<CustomerView>;
  /** Resolves when the customer is gone, and says what went with it. Throws CUSTOMER_NOT_FOUND, MANAGED_BY_FILE or DRAIN_TIMEOUT. */
  deleteCustomer(customerId: string, removal?: RemovalOptions, call?: CallOptions): Promise<RemovedCustomer>;
  getMsspStats(call?: CallOptions): Promise<MsspStats>;
  /** Throws CUSTOMER_NOT_FOUND. */
  getCustomerStats(customerId: string, call?: CallOptions): Promise<CustomerStats>;
  /** All of the MSSP's agents, or one customer's. */
  listAgents(of?: { readonly customerId?: string }, call?: CallOptions): Promise<readonly AgentView[]>;
  /** Throws AGENT_NOT_FOUND, and AGENT_AMBIGUOUS when several customers have one of this id and none is named. */
  getAgent(agentId: string, of?: { readonly customerId?: string }, call?: CallOptions): Promise<AgentView>;
  /** Sends a test event to the MSSP's webhook now. Throws DELIVERY_FAILED. */
  testWebhook(options?: { readonly skipSslVerify?: boolean }, call?: CallOptions): Promise<WebhookTest>;
  /** Closes the connections; calls that run end with DAEMON_UNREACHABLE. An idle client does not keep the process alive. */
  close(): void;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const MAX_TIMEOUT_MS = 86_400_000;
/** The daemon's own, sent so that both wait equally long. */
const DRAIN_TIMEOUT_SECONDS = 60;
/** Calls that run at once; more wait here. A daemon has 256 connections for all its callers. */
const MAX_CONNECTIONS = 32;
/** Well before the daemon closes an idle connection, so that no call is sent into one that is closing. */
const IDLE_MS = 5000;

/**
 * Makes a client of the daemon on this host for one MSSP. Nothing is connected before the first call; one connection
 * is kept between calls. Throws RaxedError USAGE for an option that cannot be.
 */
export function createPartnerClient(msspId: string, options: PartnerOptions = {}): PartnerClient {
  if (options.socketPath === '') throw new RaxedError('USAGE', 'socketPath takes a path');
  const timeoutMs = checkedTimeout(options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const connections = new Agent({ keepAlive: true, maxSockets: MAX_CONNECTIONS, maxFreeSockets: 1, timeout: IDLE_MS });
  const closed = new AbortController();
  // Every call that runs listens to it.
  setMaxListeners(0, closed.signal);
  const close = (reason: unknown): void => {
    closed.abort(reason);
    connections.destroy();
  };
  const { signal } = options;
  signal?.addEventListener('abort', () => { close(signal.reason); }, { signal: closed.signal });
  if (signal?.aborted === true) close(signal.reason);

  /** `field` is one that the answer has; without it something else answers. */
  async function call<T extends object>(method: string, params: object, field: string & keyof T, own: CallOptions = {}): Promise<T> {
    const answer = await callOnce(method, params, {
      socketPath: options.socketPath ?? findControlSocket(process.env, { home: homedir(), cwd: process.cwd() }),
      timeoutMs: own.timeoutMs === undefined ? timeoutMs : checkedTimeout(own.timeoutMs),
      signals: own.signal === undefined ? [closed.signal] : [closed.signal, own.signal],
      agent: connections,
    });
    if (!(field in answer)) throw new RaxedError('DAEMON_UNREACHABLE', `the answer to ${method} is not one of this version's: it has no ${field}`);
    return answer as T;
  }

  return {
    createCustomer: async ({ customerId, ...settings }, own) =>
      call<CustomerView>('customer.create', { ...onTheWire(settings), mssp: msspId, id: customerId } satisfies CreateCustomer, 'id', own),
    listCustomers: async (own) => (await call<{ customers: CustomerView[] }>('customer.list', { mssp: msspId }, 'customers', own)).customers,
    getCustomer: (customerId, own) => call<CustomerView>('customer.show', { mssp: msspId, id: customerId }, 'id', own),
    configureCustomer: async (customerId, changes, own) =>
      call<CustomerView>('customer.configure', { ...onTheWire(changes), mssp: msspId, id: customerId } satisfies ConfigureCustomer, 'id', own),
    deleteCustomer: async (customerId, removal = {}, own = {}) => {
      const drainSeconds = removal.drain === true ? removal.drainTimeoutSeconds ?? DRAIN_TIMEOUT_SECONDS : 0;
      const patience = Math.min(timeoutMs + (drainSeconds > 0 ? drainSeconds * 1000 : 0), MAX_TIMEOUT_MS);
      const params = { ...onTheWire(removal), ...(drainSeconds === 0 ? {} : { drain_timeout_seconds: drainSeconds }), mssp: msspId, id: customerId };
      return call<RemovedCustomer>('customer.delete', params, 'deleted', { timeoutMs: patience, ...own });
    },
    getMsspStats: (own) => call<MsspStats>('mssp.stats', { id: msspId }, 'total_customers', own),
    getCustomerStats: (customerId, own) => call<CustomerStats>('customer.stats', { mssp: msspId, id: customerId }, 'total_agents', own),
    listAgents: async (of = {}, own = {}) => (await call<{ agents: AgentView[] }>('agent.list', { mssp: msspId, customer: of.customerId }, 'agents', own)).agents,
    getAgent: (agentId, of = {}, own = {}) => call<AgentView>('agent.status', { mssp: msspId, customer: of.customerId, id: agentId }, 'agent_id', own),
    testWebhook: (test = {}, own = {}) => call<WebhookTest>('mssp.test-webhook', { ...onTheWire(test), id: msspId }, 'delivered', own),
    close: () => { close(new RaxedError('DAEMON_UNREACHABLE', 'this client was closed')); },
  };
}

function checkedTimeout(timeoutMs: number): number {
  if (timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS) return timeoutMs;
  throw new RaxedError('USAGE', 'timeoutMs takes milliseconds above 0 and up to a day');
}

type SnakeCase<S extends string> = S extends `${infer Head}${infer Rest}` ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${SnakeCase<Rest>}` : '';
type OnTheWire<T> = { [K in keyof T as SnakeCase<K & string>]: Mutable<T[K]> };
type Mutable<T> = T extends readonly (infer Element)[] ? Element[] : T;

/** The same under the daemon's names. Whatever else is in it goes along too, for the daemon to refuse. */
function onTheWire<T extends object>(settings: T): OnTheWire<T> {
  const entries = Object.entries(settings).map(([name, value]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value] as const);
  return Object.fromEntries(entries) as OnTheWire<T>;
}
