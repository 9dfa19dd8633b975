import { resolveSecret } from '../../config/secret.js';
import { VERSION } from '../../version.js';
import type { DestinationFacts } from '../destinations.js';
import type { ExaminationPorts } from '../examination.js';
import type { Reach } from '../reach.js';
import { targetsOf } from '../targets.js';
import type { LookedUp } from './names.js';
import { lookUp, nameservers } from './names.js';
import { reach } from './reach.js';
import type { Subject } from './subject.js';

export interface DestinationsOptions extends ExaminationPorts {
  readonly offline: boolean;
  readonly timeoutMs: number;
}

/** Goes to every destination at once. */
export async function destinationsOf({ site, seen }: Subject, options: DestinationsOptions): Promise<DestinationFacts[]> {
  const { effective } = seen;
  if (effective === undefined) return [];
  const { clock, command, timeoutMs, offline } = options;
  const targets = targetsOf(effective.config, { configFile: site.paths.configFile, managedBy: (msspId, customerId) => effective.managedBy(msspId, customerId) });
  const skipVerify = site.env['RAXE_SKIP_SSL_VERIFY']?.toLowerCase() === 'true';
  const names = new Map<string, Promise<LookedUp>>();
  const servers = offline ? [] : await nameservers();
  const ports = {
    clock, skipVerify, timeoutMs, version: VERSION, hostname: options.hostname,
    proxy: { configured: effective.config.proxy, env: site.env },
    lookUp(host: string) {
      const known = names.get(host) ?? lookUp(host, { command, timeoutMs, monotonic: () => clock.monotonic() });
      names.set(host, known);
      return known;
    },
    secretOf: (ref: Parameters<typeof resolveSecret>[0]) => resolveSecret(ref, site.env),
  };
  return Promise.all(targets.map(async (target) => ({
    target, reach: offline ? undefined : await reach(target, ports), timeoutMs, nameservers: servers, skipVerify, now: clock.now(),
  })));
}

/** A Date header has whole seconds, rounded down. */
const HALF_A_SECOND_MS = 500;

/** How far this clock is ahead of each receiver's that said what time it is. */
export function offsetsOf(destinations: readonly DestinationFacts[]): { destination: string; seconds: number }[] {
  return destinations.flatMap(({ target, reach: found }) => {
    const said = toldBy(found);
    return said === undefined ? [] : [{ destination: target.name, seconds: Math.round((said.at - said.serverDate - HALF_A_SECOND_MS) / 1000) }];
  });
}

function toldBy(found: Reach | undefined): { at: number; serverDate: number } | undefined {
  const { serverDate, at } = found?.answer ?? found?.failure ?? {};
  return serverDate === undefined || at === undefined ? undefined : { serverDate, at };
}
