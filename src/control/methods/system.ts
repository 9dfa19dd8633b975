import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import type { CallContext, MethodEntry } from '../method.js';
import { defineMethod, defineSubscription } from '../method.js';
import { IdSchema } from './id.js';

const NoParams = Type.Object({}, { additionalProperties: false });

const TailParams = Type.Object({
  mssp: Type.Optional(IdSchema),
  customer: Type.Optional(IdSchema),
  /** An event type, such as `scan`. */
  type: Type.Optional(Type.String({ pattern: '^[a-z_]{1,64}$' })),
}, { additionalProperties: false });

/** Which events a tail shows; an absent field shows all. */
export type TailFilter = Static<typeof TailParams>;

export interface SystemActions {
  /** That the daemon answers, and whether its data path moves. */
  health(): Promise<object>;
  version(): Promise<object>;
  status(): Promise<object>;
  /** Throws ConfigError when the file is bad; the old configuration then stands. */
  reload(context: CallContext): Promise<object>;
  /** Calls `emit` with each event after the privacy filter until the returned function is called. */
  tail(filter: TailFilter, emit: (event: object) => void): () => void;
}

export function createSystemMethods(actions: SystemActions): MethodEntry[] {
  return [
    defineMethod({ name: 'health', scope: 'scan', params: NoParams, handle: () => actions.health() }),
    defineMethod({ name: 'version', scope: 'scan', params: NoParams, handle: () => actions.version() }),
    defineMethod({ name: 'status', scope: 'control', params: NoParams, handle: () => actions.status() }),
    defineMethod({ name: 'reload', scope: 'control', params: NoParams, handle: (_params, context) => actions.reload(context) }),
    defineSubscription({ name: 'tail', scope: 'control', params: TailParams, start: (filter, emit) => actions.tail(filter, emit) }),
  ];
}
