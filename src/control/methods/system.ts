import type { RaxedEvent } from '../../event/event.js';
import type { CallContext, MethodEntry } from '../method.js';
import { defineMethod, defineSubscription } from '../method.js';
import { NoParams } from './fields.js';
import { HealthSchema, VersionSchema } from './results.js';
import { TailParams, tailFits } from './tail.js';

export interface SystemActions {
  /** That the daemon answers, and whether its data path moves. */
  health(): Promise<object>;
  version(): Promise<object>;
  status(): Promise<object>;
  /** What a support bundle holds that no other method says: the configuration without secrets, the newest lines of the log. */
  bundle(): Promise<object>;
  /** Throws ConfigError when the file is bad; the old configuration then stands. */
  reload(context: CallContext): Promise<object>;
  /** Calls `emit` with each event after the privacy filter until the returned function is called. */
  tail(emit: (event: RaxedEvent) => void): () => void;
}

export function createSystemMethods(actions: SystemActions): MethodEntry[] {
  return [
    defineMethod({ name: 'health', summary: 'Says that the daemon answers, and whether its data path moves.', scope: 'scan', params: NoParams, result: HealthSchema, handle: () => actions.health() }),
    defineMethod({ name: 'version', summary: 'The version of the daemon and of its protocol, and how much text a call may have.', scope: 'scan', params: NoParams, result: VersionSchema, handle: () => actions.version() }),
    defineMethod({ name: 'status', summary: 'How the daemon and its deliveries are.', scope: 'control', params: NoParams, handle: () => actions.status() }),
    defineMethod({ name: 'bundle', summary: 'What a support bundle holds that no other method says.', scope: 'control', params: NoParams, handle: () => actions.bundle() }),
    defineMethod({ name: 'reload', summary: 'Reads the configuration file again.', scope: 'control', params: NoParams, handle: (_params, context) => actions.reload(context) }),
    defineSubscription({ name: 'tail', summary: 'The events after the privacy filter, as they happen.', scope: 'control', params: TailParams, start: (filter, emit) => actions.tail((event) => { if (tailFits(filter, event)) emit(event); }) }),
  ];
}
