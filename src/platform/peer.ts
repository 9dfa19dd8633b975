import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Duplex } from 'node:stream';

/**
 * Who is on the other end of a unix socket: SO_PEERCRED, which Node cannot ask. An interpreter that belongs to every
 * Debian (perl) or Red Hat (python) inherits the connection and asks instead. There is no simpler way: /proc/net/unix
 * and `ss` say no users, and /proc/PID/fd of another user cannot be read.
 */
export type PeerUid = (socket: Duplex) => Promise<number | undefined>;

/** libuv makes inherited descriptors below this blocking, and that would be our end of the connection too. */
const FIRST_FD = 3;
type Interpreter = readonly [program: string, ...args: string[]];

/** Each takes the number of descriptors and prints a line for each: the uid of `struct ucred { pid, uid, gid }`, or nothing. */
export const INTERPRETERS = [
  ['/usr/bin/perl', '-MSocket=SOL_SOCKET,SO_PEERCRED', '-e', `
    for my $fd (${FIRST_FD} .. ${FIRST_FD - 1} + $ARGV[0]) {
      my ($socket, $ucred);
      $ucred = getsockopt($socket, SOL_SOCKET, SO_PEERCRED) if open($socket, "+<&=", $fd);
      print length($ucred // "") == 12 ? (unpack "iII", $ucred)[1] : "", "\\n";
    }`],
  ['/usr/bin/python3', '-ISc', `
import _socket, struct, sys
for fd in range(${FIRST_FD}, ${FIRST_FD} + int(sys.argv[1])):
  try: print(struct.unpack("iII", _socket.socket(fileno=fd).getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12))[1])
  except (OSError, struct.error): print()`],
] as const satisfies readonly Interpreter[];

const TIMEOUT_MS = 500;
/** Asked about together, by one process. */
const MAX_TOGETHER = 64;
/** What the kernel says for a user that our user namespace (systemd's PrivateUsers=) does not know, and where there is no peer. */
const NOBODY = [65_534, 0xffff_ffff];

interface Asked {
  readonly socket: Duplex;
  tell(uid: number | undefined): void;
}

/**
 * A function that finds the user id of a connection's peer, as it was at connect(2). It resolves within the time
 * (default half a second), with undefined when anything is unclear, and never rejects. At most one process runs at a
 * time: what is asked meanwhile is asked together by the next.
 */
export function createPeerUid(options: { readonly interpreters?: readonly Interpreter[]; readonly timeoutMs?: number } = {}): PeerUid {
  const { interpreters = INTERPRETERS, timeoutMs = TIMEOUT_MS } = options;
  let waiting: Asked[] = [];
  let running = false;

  async function work(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      const asked = waiting.slice(0, MAX_TOGETHER);
      waiting = waiting.slice(MAX_TOGETHER);
      const uids = await uidsOf(asked.map(({ socket }) => fdOf(socket)));
      asked.forEach(({ tell }, index) => { tell(uids[index]); });
    }
    running = false;
  }

  /** One entry a descriptor, in their order; those that are not known are undefined. */
  async function uidsOf(fds: readonly (number | undefined)[]): Promise<(number | undefined)[]> {
    const interpreter = interpreters.find(([program]) => existsSync(program));
    const open = fds.filter((fd) => fd !== undefined);
    if (interpreter === undefined || open.length === 0) return [];
    const lines = (await outputOf(interpreter, open, timeoutMs)).split('\n').map(uidOf);
    return fds.map((fd) => (fd === undefined ? undefined : lines.shift()));
  }

  return (socket) => new Promise((resolve) => {
    const timer = setTimeout(() => { resolve(undefined); }, timeoutMs);
    waiting.push({ socket, tell: (uid) => { clearTimeout(timer); resolve(uid); } });
    if (!running) void work();
  });
}

/** The one that the daemon uses. */
export const peerUid: PeerUid = createPeerUid();

/** What the interpreter prints about the descriptors, which it inherits from FIRST_FD on; empty when it fails or takes too long. */
function outputOf([program, ...args]: Interpreter, fds: readonly number[], timeoutMs: number): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(program, [...args, String(fds.length)], { stdio: ['ignore', 'pipe', 'ignore', ...fds], env: {}, cwd: '/' });
    // Not spawn's own `timeout`: its timer outlives a program that could not be started.
    const timer = setTimeout(() => { child.kill('SIGKILL'); resolve(''); }, timeoutMs);
    let output = '';
    child.stdout?.setEncoding('latin1').on('data', (text: string) => { output += text; });
    child.once('error', () => { clearTimeout(timer); resolve(''); });
    child.once('close', (code) => { clearTimeout(timer); resolve(code === 0 ? output : ''); });
  });
}

function uidOf(line: string): number | undefined {
  const uid = /^\d{1,10}$/.test(line) ? Number(line) : undefined;
  return uid === undefined || NOBODY.includes(uid) ? undefined : uid;
}

/** The descriptor of an open connection; Node keeps it in an undocumented field. */
function fdOf(socket: Duplex): number | undefined {
  if (socket.destroyed || !('_handle' in socket)) return undefined;
  const handle = socket._handle;
  if (typeof handle !== 'object' || handle === null || !('fd' in handle)) return undefined;
  return typeof handle.fd === 'number' && handle.fd >= 0 ? handle.fd : undefined;
}
