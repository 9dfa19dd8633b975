import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import type { AgentStatus } from '../../event/event.js';
import type { CallContext, Method } from '../method.js';
import { defineMethod } from '../method.js';
import { ParamsError } from '../params-error.js';
import { IdSchema, LabelSchema } from './id.js';
import { AgentSchema } from './results.js';

const closed = { additionalProperties: false } as const;
const CountSchema = Type.Integer({ minimum: 0, maximum: 1e12 });

/** Which agent: mssp and customer narrow it down where several have the same id. */
const name = { id: IdSchema, mssp: Type.Optional(IdSchema), customer: Type.Optional(IdSchema) };
const NameParams = Type.Object(name, closed);
const ListParams = Type.Object({ mssp: Type.Optional(IdSchema), customer: Type.Optional(IdSchema) }, closed);
const RegisterParams = Type.Object({
  ...name,
  version: Type.Optional(LabelSchema),
  platform: Type.Optional(LabelSchema),
  integration: Type.Optional(LabelSchema),
}, closed);
const HeartbeatParams = Type.Object({
  ...name,
  /** Since its last heartbeat, and not made by the daemon, which counts its own. */
  scans: Type.Optional(CountSchema),
  threats: Type.Optional(CountSchema),
  uptime_seconds: Type.Optional(Type.Number({ minimum: 0, maximum: 1e10 })),
  status: Type.Optional(Type.Union([Type.Literal('online'), Type.Literal('stopping')])),
}, closed);

export type AgentName = Static<typeof NameParams>;
export type AgentFilter = Static<typeof ListParams>;
export type AgentRegistration = Static<typeof RegisterParams>;
export type AgentHeartbeat = Static<typeof HeartbeatParams>;

/** An agent as the methods show it. */
export interface AgentView {
  readonly agent_id: string;
  readonly mssp_id: string;
  readonly customer_id: string;
  readonly status: AgentStatus;
  readonly version?: string;
  readonly platform?: string;
  readonly integration?: string;
  /** ISO 8601. */
  readonly first_seen: string;
  readonly last_heartbeat: string;
  /** Of an offline agent: when it was last heard. */
  readonly uptime_seconds: number;
  readonly total_scans: number;
  readonly total_threats: number;
  /** The daemon's own agent. */
  readonly self?: true;
}

/** They throw MSSP_NOT_FOUND, CUSTOMER_NOT_FOUND, AGENT_NOT_FOUND, AGENT_AMBIGUOUS, FORBIDDEN. */
export interface AgentActions {
  /** A new agent, or one that starts again. Durable when it answers. Throws LIMIT_REACHED, TENANT_REQUIRED, STATE_UNWRITABLE too. */
  register(registration: AgentRegistration, context: CallContext): Promise<AgentView>;
  heartbeat(heartbeat: AgentHeartbeat, context: CallContext): Promise<AgentView>;
  /** By MSSP, customer and id. */
  list(filter: AgentFilter): Promise<{ readonly agents: readonly AgentView[] }>;
  status(agent: AgentName): Promise<AgentView>;
  /** Answers with the agent as it was last. Throws MANAGED_BY_FILE for the daemon's own, STATE_UNWRITABLE too. */
  unregister(agent: AgentName, context: CallContext): Promise<AgentView>;
}

export function createAgentMethods(actions: AgentActions): Method[] {
  return [
    defineMethod({ name: 'agent.register', summary: 'Makes an application known as an agent of a customer, or tells that it has started again.', scope: 'scan', params: RegisterParams, result: AgentSchema, check: requirePair, handle: (params, context) => actions.register(params, context) }),
    defineMethod({ name: 'agent.heartbeat', summary: 'Says that an agent is alive, and what it has done since its last heartbeat.', scope: 'scan', params: HeartbeatParams, result: AgentSchema, check: requireCounts, handle: (params, context) => actions.heartbeat(params, context) }),
    defineMethod({ name: 'agent.list', summary: 'The agents of an MSSP or a customer, or all of them.', scope: 'control', params: ListParams, handle: (params) => actions.list(params) }),
    defineMethod({ name: 'agent.status', summary: 'One agent.', scope: 'control', params: NameParams, handle: (params) => actions.status(params) }),
    defineMethod({ name: 'agent.unregister', summary: 'Forgets an agent.', scope: 'control', params: NameParams, handle: (params, context) => actions.unregister(params, context) }),
  ];
}

function requirePair({ mssp, customer }: AgentRegistration): void {
  if ((mssp === undefined) !== (customer === undefined)) throw new ParamsError(mssp === undefined ? '/mssp' : '/customer', 'is required: mssp and customer go together');
}

function requireCounts({ scans = 0, threats = 0 }: AgentHeartbeat): void {
  if (threats > scans) throw new ParamsError('/threats', 'must not be more than scans');
}
