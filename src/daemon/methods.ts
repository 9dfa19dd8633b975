import type { ActionDeps } from './actions.js';
import { createActions } from './actions.js';
import type { AuditActionDeps } from './audit-actions.js';
import { createAuditActions } from './audit-actions.js';
import { AVAILABLE_SIEM } from '../config/available.js';
import type { MethodEntry } from '../control/method.js';
import { createAgentMethods } from '../control/methods/agent.js';
import { createAuditMethods } from '../control/methods/audit.js';
import { createCustomerMethods } from '../control/methods/customer.js';
import { createMsspMethods } from '../control/methods/mssp.js';
import { createRulesMethods } from '../control/methods/rules.js';
import { createScanMethods } from '../control/methods/scan.js';
import { createSiemMethods } from '../control/methods/siem.js';
import { createSpoolMethods } from '../control/methods/spool.js';
import { createSystemMethods } from '../control/methods/system.js';
import type { DetectionCounts } from './detection-counts.js';
import type { DirectDeps } from './direct.js';
import type { RulesActionDeps } from './rules-actions.js';
import { createRulesActions } from './rules-actions.js';
import type { SiteAgents } from './site-agents.js';
import type { SpoolActionDeps } from './spool-actions.js';
import { createSpoolActions } from './spool-actions.js';
import type { TenantActionDeps } from './tenant-actions.js';
import { createTenantActions } from './tenant-actions.js';

/** What the methods need of the running daemon. `auditLog`: the log itself, of which `direct` has only a part. */
export interface MethodDeps extends ActionDeps, Pick<TenantActionDeps, 'configuration' | 'configFile' | 'removals' | 'skipVerify' | 'random'>, Pick<SpoolActionDeps, 'policies'> {
  readonly agents: SiteAgents;
  readonly suppressions: RulesActionDeps['suppressions'];
  readonly counts: DetectionCounts;
  readonly direct: DirectDeps;
  readonly auditLog: Omit<AuditActionDeps, 'clock'>;
  /** Writes to the audit log; resolves when it is durable, and never rejects. */
  readonly note: TenantActionDeps['note'] & RulesActionDeps['note'] & SpoolActionDeps['note'];
}

/** Everything that can be called on the sockets. */
export function methodsOf(deps: MethodDeps): MethodEntry[] {
  const { scan, system } = createActions(deps);
  const tenants = createTenantActions({ ...deps, ...deps.direct, availableSiem: AVAILABLE_SIEM });
  return [
    ...createScanMethods(scan), ...createSystemMethods(system),
    ...createMsspMethods(tenants.mssp), ...createCustomerMethods(tenants.customer), ...createSiemMethods(tenants.siem),
    ...createRulesMethods(createRulesActions(deps)), ...createAgentMethods(deps.agents.actions),
    ...createAuditMethods(createAuditActions({ ...deps.auditLog, clock: deps.clock })), ...createSpoolMethods(createSpoolActions(deps)),
  ];
}
