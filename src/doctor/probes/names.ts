import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { errnoOf } from '../../errors.js';
import type { Lookup } from '../reach.js';
import { TIMEOUT } from '../reach.js';
import type { Command } from './command.js';
import { textOf } from './paths.js';

const SECOND_OPINION_MS = 1500;

/** A name as getaddrinfo(3) sees it, which is what the daemon asks; `code` where it has no address. */
export type LookedUp = Lookup & { readonly code?: string };

/**
 * Looks a host up in a process of its own: getaddrinfo cannot be ended, would hold up everything else that Node does
 * on its few threads, and would keep this program from ending.
 */
export async function lookUp(host: string, { command, timeoutMs, monotonic }: { readonly command: Command; readonly timeoutMs: number; readonly monotonic: () => number }): Promise<LookedUp> {
  if (isIP(host) !== 0) return { host, addresses: [host], ms: 0 };
  const startedAt = monotonic();
  const found = await command('getent', ['ahosts', host], timeoutMs);
  const ms = monotonic() - startedAt;
  // Not there at all: a name that takes long would have taken all of the time.
  if (found === undefined && ms < timeoutMs) return withoutGetent(host, monotonic);
  const addresses = [...new Set((found?.stdout ?? '').split('\n').map((line) => line.split(/\s/)[0] ?? '').filter((word) => isIP(word) !== 0))];
  if (addresses.length > 0) return { host, addresses, ms };
  return { host, addresses: [], ms, code: found === undefined ? TIMEOUT : await secondOpinion(host, Math.min(SECOND_OPINION_MS, timeoutMs - ms)) };
}

async function withoutGetent(host: string, monotonic: () => number): Promise<LookedUp> {
  const startedAt = monotonic();
  try {
    const addresses = (await lookup(host, { all: true })).map(({ address }) => address);
    return { host, addresses, ms: monotonic() - startedAt };
  } catch (error) {
    return { host, addresses: [], ms: monotonic() - startedAt, code: errnoOf(error) ?? 'ENOTFOUND' };
  }
}

/** getent says only that there is nothing; a name server says why. */
async function secondOpinion(host: string, timeoutMs: number): Promise<string> {
  const resolver = new Resolver({ tries: 1 });
  const timer = setTimeout(() => { resolver.cancel(); }, timeoutMs);
  try {
    await resolver.resolve4(host);
    return 'ENOTFOUND';
  } catch (error) {
    const code = errnoOf(error) ?? 'ENOTFOUND';
    return code === 'ETIMEOUT' || code === 'ECANCELLED' ? TIMEOUT : code;
  } finally {
    clearTimeout(timer);
  }
}

export async function nameservers(file = '/etc/resolv.conf'): Promise<string[]> {
  const text = await textOf(file) ?? await textOf('/run/systemd/resolve/stub-resolv.conf') ?? '';
  return [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, address]) => address ?? '');
}
