import { spoolWarnings } from '../agents/warnings.js';
import type { AuditLog } from '../audit/log.js';
import type { Spool } from '../spool/spool.js';
import type { TenantsStore } from '../tenants/store.js';
import type { Configuration } from './configuration.js';
import type { Installer } from './installer.js';
import type { Policies } from './policies.js';
import type { Removals } from './removals.js';

export const SKIP_VERIFY_WARNING = 'RAXE_SKIP_SSL_VERIFY=true: certificates are not checked';

export interface Watched {
  readonly configuration: Pick<Configuration, 'state'>;
  readonly store: Pick<TenantsStore, 'damaged'>;
  readonly spool: Pick<Spool<Uint8Array>, 'stats'>;
  readonly audit: Pick<AuditLog, 'stats'>;
  readonly policies: Pick<Policies, 'unfinished'>;
  readonly removals: Pick<Removals, 'unfinished'>;
  readonly installer: Pick<Installer, 'settled'>;
  readonly skipVerify: boolean;
  /** Of the agents, and of the own one. */
  readonly others: () => readonly string[];
}

/** What somebody should look at, in plain words: in the status and on each heartbeat. */
export function warningsOf({ configuration, store, spool, audit, policies, removals, installer, skipVerify, others }: Watched): string[] {
  const { warnings, lastError } = configuration.state();
  return [
    ...warnings,
    ...(store.damaged === undefined ? [] : [store.damaged]),
    ...(skipVerify ? [SKIP_VERIFY_WARNING] : []),
    ...(lastError === undefined ? [] : ['the configuration file is wrong; the last good one is in force']),
    ...(spool.stats().state === 'ok' ? [] : [`the spool is ${spool.stats().state}`]),
    ...(policies.unfinished ? ['what waits on disk could not yet be rewritten for a stricter privacy setting'] : []),
    ...(removals.unfinished ? ['what a deleted customer had could not yet be removed from the disk'] : []),
    ...(installer.settled ? [] : ['not everything of the new configuration could be started yet']),
    ...(audit.stats().state === 'ok' ? [] : ['the audit log cannot be written']),
    ...spoolWarnings(spool.stats()), ...others(),
  ];
}
