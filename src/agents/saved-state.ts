import type { Static, TSchema } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import type { TypeCheck } from '@sinclair/typebox/compiler';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { AGENT_STATUSES } from '../event/event.js';
import type { SavedCounts } from './counters.js';
import type { Agent, SavedAgent } from './registry.js';

/**
 * The two files of the state folder that hold what is known of agents (pinned by a test):
 *
 *   agents.json    {"version":1,"agents":[{mssp_id, customer_id, agent_id, status, version?, platform?, integration?,
 *                  first_seen, last_heartbeat, uptime_seconds, total_scans, total_threats}, …]}
 *   counters.json  {"version":1,"since", "total":{scans, threats}, "unreported":{scans, threats},
 *                  "customers":[{mssp_id, customer_id, scans, threats}, …]}
 *
 * Times are ISO 8601; uptime_seconds is the one at last_heartbeat. An entry that is not understood is left out, and
 * the file counts as damaged.
 */
const VERSION = 1;
const AGENTS_A_PART = 200;

const Id = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$' });
const Label = Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_.+-]{1,64}$' }));
const Time = Type.String({ pattern: '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d\\.\\d{3}Z$' });
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Counts = Type.Object({ scans: Count, threats: Count });
const AgentEntry = Type.Object({
  mssp_id: Id, customer_id: Id, agent_id: Id,
  status: Type.Union(AGENT_STATUSES.map((status) => Type.Literal(status))),
  version: Label, platform: Label, integration: Label,
  first_seen: Time, last_heartbeat: Time,
  uptime_seconds: Type.Number({ minimum: 0, maximum: 1e12 }), total_scans: Count, total_threats: Count,
});
const CustomerEntry = Type.Object({ mssp_id: Id, customer_id: Id, scans: Count, threats: Count });
const AgentsFile = Type.Object({ version: Type.Literal(VERSION), agents: Type.Array(Type.Unknown()) });
const CountersFile = Type.Object({ version: Type.Literal(VERSION), since: Time, total: Counts, unreported: Counts, customers: Type.Array(Type.Unknown()) });

export interface Parsed<T> {
  readonly state: T;
  readonly damaged: boolean;
}

/** In parts of a few tens of kilobytes, each made when it is asked for: what is written next to a busy daemon must not hold it up. */
export function* encodeAgents(agents: Iterable<Agent>): Generator<string> {
  let part = `{"version":${VERSION},"agents":[`;
  let separator = '';
  let inPart = 0;
  for (const agent of agents) {
    part += separator + JSON.stringify(entryOf(agent));
    separator = ',';
    if (++inPart < AGENTS_A_PART) continue;
    yield part;
    part = '';
    inPart = 0;
  }
  yield `${part}]}\n`;
}

function entryOf(agent: Agent): Static<typeof AgentEntry> {
  return {
    mssp_id: agent.msspId, customer_id: agent.customerId, agent_id: agent.agentId, status: agent.status, ...agent.labels,
    first_seen: new Date(agent.firstSeenMs).toISOString(), last_heartbeat: new Date(agent.lastHeartbeatMs).toISOString(),
    uptime_seconds: agent.uptimeMs / 1000, total_scans: agent.scans, total_threats: agent.threats,
  };
}

/** `json`: the parsed file; undefined when there is none. */
export function parseAgents(json: unknown): Parsed<readonly SavedAgent[]> {
  if (json === undefined) return { state: [], damaged: false };
  if (!checker(AgentsFile).Check(json)) return { state: [], damaged: true };
  return understood(json.agents, AgentEntry, ({ mssp_id, customer_id, agent_id, status, version, platform, integration, first_seen, last_heartbeat, uptime_seconds, total_scans, total_threats }) => ({
    msspId: mssp_id, customerId: customer_id, agentId: agent_id, status,
    labels: { ...(version === undefined ? {} : { version }), ...(platform === undefined ? {} : { platform }), ...(integration === undefined ? {} : { integration }) },
    firstSeenMs: Date.parse(first_seen), lastHeartbeatMs: Date.parse(last_heartbeat),
    uptimeMs: uptime_seconds * 1000, scans: total_scans, threats: total_threats,
  }));
}

export interface SavedTotals extends SavedCounts {
  /** When counting began, milliseconds since the epoch. */
  readonly sinceMs: number;
}

export function encodeTotals({ sinceMs, total, unreported, customers }: SavedTotals): string[] {
  const state = {
    version: VERSION, since: new Date(sinceMs).toISOString(), total, unreported,
    customers: customers.map(({ msspId, customerId, scans, threats }) => ({ mssp_id: msspId, customer_id: customerId, scans, threats })),
  };
  return [`${JSON.stringify(state)}\n`];
}

/** `nowMs` is when counting begins if nothing is known. */
export function parseTotals(json: unknown, nowMs: number): Parsed<SavedTotals> {
  const none = { scans: 0, threats: 0 };
  if (json === undefined || !checker(CountersFile).Check(json)) return { state: { sinceMs: nowMs, total: none, unreported: none, customers: [] }, damaged: json !== undefined };
  const { state: customers, damaged } = understood(json.customers, CustomerEntry, ({ mssp_id, customer_id, scans, threats }) => ({ msspId: mssp_id, customerId: customer_id, scans, threats }));
  return { state: { sinceMs: Date.parse(json.since), total: json.total, unreported: json.unreported, customers }, damaged };
}

function understood<S extends TSchema, T>(entries: readonly unknown[], schema: S, read: (entry: Static<S>) => T): Parsed<T[]> {
  const check = checker(schema);
  const known = entries.filter((entry): entry is Static<S> => check.Check(entry));
  return { state: known.map(read), damaged: known.length < entries.length };
}

function checker<S extends TSchema>(schema: S): TypeCheck<S> {
  return TypeCompiler.Compile(schema);
}
