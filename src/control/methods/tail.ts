import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import type { RaxedEvent } from '../../event/event.js';
import type { Severity } from '../../scanner/verdict.js';
import { severityRank } from '../../scanner/verdict.js';
import { closed, oneOf } from './fields.js';
import { IdSchema } from './id.js';

export const TailParams = Type.Object({
  mssp: Type.Optional(IdSchema),
  customer: Type.Optional(IdSchema),
  /** An event type, such as `scan`. */
  type: Type.Optional(Type.String({ pattern: '^[a-z_]{1,64}$' })),
  /** Only scans in which something at least so severe was found. */
  severity: Type.Optional(oneOf(['low', 'medium', 'high', 'critical'])),
  /** Only scans that found a threat. */
  threats: Type.Optional(Type.Boolean()),
}, closed);

/** Which events a tail shows; an absent field shows all. */
export type TailFilter = Static<typeof TailParams>;

/** Whether a tail with this filter shows an event. */
export function tailFits({ mssp, customer, type, severity, threats }: TailFilter, event: RaxedEvent): boolean {
  const { payload } = event;
  return (type === undefined || type === event.event_type)
    && (mssp === undefined || mssp === payload.mssp_id)
    && (customer === undefined || ('customer_id' in payload && customer === payload.customer_id))
    && (severity === undefined || severityRank(severityOf(event)) >= severityRank(severity))
    && (threats !== true || (event.event_type === 'scan' && event.payload.threat_detected));
}

/** A hit of the classifier counts as high. */
function severityOf(event: RaxedEvent): Severity {
  if (event.event_type !== 'scan') return 'none';
  const { l1, l2 } = event.payload;
  return l2.hit && severityRank(l1.highest_severity) < severityRank('high') ? 'high' : l1.highest_severity;
}
