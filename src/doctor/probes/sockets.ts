import { callOnce } from '../../client/connection.js';
import { errnoOf, RaxedError } from '../../errors.js';
import type { DaemonFacts } from '../daemon.js';
import { targetOf } from '../permissions.js';
import type { SeenSocket } from '../sockets.js';
import { count, parseStatus, record, text } from '../status.js';
import { wayTo } from './paths.js';

/** One socket, and what answers on it. */
export async function seeSocket(path: string, { timeoutMs, monotonic }: { readonly timeoutMs: number; readonly monotonic: () => number }): Promise<SeenSocket & { readonly node: string | undefined }> {
  const way = await wayTo(path);
  const startedAt = monotonic();
  try {
    const [version, health] = await Promise.all([callOnce('version', {}, { socketPath: path, timeoutMs }), callOnce('health', {}, { socketPath: path, timeoutMs })]);
    const said = record(version);
    const answer = {
      kind: 'answered', version: text(said['version']) ?? '?', protocol: count(said['protocol']),
      ready: record(health)['ready'] !== false, ms: Math.round(monotonic() - startedAt),
    } as const;
    return { path, way, answer, node: text(said['node']) };
  } catch (error) {
    // The kernel refuses a connection to a plain file too.
    const kind = way.stopped === undefined && targetOf(way)?.kind !== 'socket' ? 'absent' : kindOf(error);
    return { path, way, answer: { kind }, node: undefined };
  }
}

export async function askStatus(path: string, timeoutMs: number): Promise<DaemonFacts> {
  try {
    return { kind: 'status', status: parseStatus(await callOnce('status', {}, { socketPath: path, timeoutMs })) };
  } catch (error) {
    const kind = kindOf(error);
    return { kind: kind === 'forbidden' || kind === 'silent' ? kind : 'down' };
  }
}

function kindOf(error: unknown): Exclude<SeenSocket['answer']['kind'], 'answered'> {
  if (!(error instanceof RaxedError)) throw error;
  if (error.code === 'SOCKET_PATH_TOO_LONG') return 'absent';
  if (error.code !== 'DAEMON_UNREACHABLE') return 'silent';
  const errno = errnoOf(error.cause);
  if (errno?.startsWith('HPE_') === true) return 'alien';
  switch (errno) {
    case 'ENOENT': case 'ENOTDIR': return 'absent';
    case 'ECONNREFUSED': return 'refused';
    case 'EACCES': case 'EPERM': return 'forbidden';
    case undefined: default: return error.message.endsWith('is not raxed') || error.message.includes('raxed\'s') ? 'alien' : 'silent';
  }
}
