import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, fstatSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { createPeerUid, INTERPRETERS } from '../../src/platform/peer.js';
import { shortFolder } from '../fixtures/short-folder.js';

type Test = Pick<typeof t, 'teardown'>;

/** So patient that a busy machine decides nothing. */
const timeoutMs = 60_000;
const peerUid = createPeerUid({ timeoutMs });
const ownUid = process.getuid?.();
const canAsk = INTERPRETERS.some(([program]) => existsSync(program)) ? {} : { skip: 'neither perl nor python is here' };

async function listen(t: Test): Promise<{ server: Server; path: string }> {
  const folder = shortFolder(t);
  chmodSync(folder, 0o755);
  const path = join(folder, 's');
  const server = createServer();
  server.listen(path);
  await once(server, 'listening');
  chmodSync(path, 0o666);
  t.teardown(() => { server.close(); });
  return { server, path };
}

/** The server's ends of `count` connections of this process. */
async function accept(t: Test, count: number): Promise<{ ends: Socket[]; clients: Socket[] }> {
  const { server, path } = await listen(t);
  const ends: Socket[] = [];
  const accepted = new Promise<void>((resolve) => { server.on('connection', (socket) => { if (ends.push(socket) === count) resolve(); }); });
  const clients = Array.from({ length: count }, () => createConnection(path));
  await accepted;
  t.teardown(() => { for (const socket of [...ends, ...clients]) socket.destroy(); });
  return { ends, clients };
}

t.test('the peer of a unix socket is this user, and the connection goes on as before', canAsk, async (t) => {
  const { ends: [end], clients: [client] } = await accept(t, 1);
  if (end === undefined || client === undefined) return;
  t.equal(await peerUid(end), ownUid);
  t.equal(await peerUid(client), ownUid, 'from the other end too');
  const { fd } = (end as unknown as { _handle: { fd: number } })._handle;
  const flags = parseInt(/flags:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '', 8);
  t.ok((flags & 0o4000) !== 0, 'it is still non-blocking');
  const heard = once(client, 'data');
  end.write('hello');
  t.equal(String((await heard)[0]), 'hello');
});

t.test('the peer is another user', { skip: canAsk.skip ?? (ownUid !== 0 || !existsSync('/usr/bin/setpriv') || !existsSync('/usr/bin/perl') ? 'needs root, setpriv and perl' : false) }, async (t) => {
  const { server, path } = await listen(t);
  const connected = once(server, 'connection') as Promise<[Socket]>;
  const client = spawn('/usr/bin/setpriv', ['--reuid', '4321', '--regid', '4321', '--clear-groups', '/usr/bin/perl', '-MIO::Socket::UNIX', '-e', 'my $s = IO::Socket::UNIX->new($ARGV[0]) or die; my $x; sysread $s, $x, 1', path]);
  t.teardown(() => { client.kill('SIGKILL'); });
  const [end] = await connected;
  const { ends: [own] } = await accept(t, 1);
  for (const interpreter of INTERPRETERS.filter(([program]) => existsSync(program))) {
    const ask = createPeerUid({ interpreters: [interpreter], timeoutMs });
    t.same(await Promise.all([ask(end), own === undefined ? undefined : ask(own), ask(end)]), [4321, ownUid, 4321], interpreter[0]);
  }
  end.destroy();
  t.equal(await peerUid(end), undefined, 'a connection that has ended says nothing');
});

t.test('what is unclear is unknown', async (t) => {
  const { ends: [end] } = await accept(t, 1);
  if (end === undefined) return;
  const rows: [string, readonly [string, ...string[]][], number?][] = [
    ['no interpreter', []],
    ['an interpreter that is not there', [['/nonexistent/perl']]],
    ['one that cannot be started', [['/etc/passwd']]],
    ['one that fails', [['/bin/sh', '-c', 'echo 7; exit 3']]],
    ['one that says nothing', [['/bin/true']]],
    ['one that says something else', [['/bin/sh', '-c', 'echo 7x']]],
    ['one that never ends', [['/bin/sh', '-c', 'echo 7; exec sleep 60']], 100],
    ['a user of another namespace', [['/bin/sh', '-c', 'echo 65534']]],
    ['no peer', [['/bin/sh', '-c', 'echo 4294967295']]],
  ];
  for (const [name, interpreters, limitMs] of rows) t.equal(await createPeerUid({ interpreters, timeoutMs: limitMs ?? timeoutMs })(end), undefined, name);
  t.equal(await createPeerUid({ interpreters: [['/bin/sh', '-c', 'echo 7']], timeoutMs })(end), 7, 'one that knows is believed');
});

t.test('a TCP connection has no known user', canAsk, async (t) => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => { server.close(); });
  const address = server.address();
  if (address === null || typeof address === 'string') return;
  const connected = once(server, 'connection') as Promise<[Socket]>;
  const client = createConnection(address.port, '127.0.0.1');
  t.teardown(() => { client.destroy(); });
  const [end] = await connected;
  t.equal(await peerUid(end), undefined);
});

t.test('many that are asked about at once share few processes, and each gets its own answer', async (t) => {
  const { ends } = await accept(t, 150);
  const log = join(shortFolder(t), 'runs');
  writeFileSync(log, '');
  // The inode of each inherited socket stands for its user: the answers must not be mixed up.
  const inode = 'echo "$1" >> "$0"; for fd in $(seq 3 $(($1 + 2))); do readlink /proc/self/fd/$fd | tr -dc "0-9\\n"; done';
  const ask = createPeerUid({ interpreters: [['/bin/sh', '-c', inode, log]], timeoutMs });
  const expected = ends.map((end) => fstatSync((end as unknown as { _handle: { fd: number } })._handle.fd).ino);
  const uids = await Promise.all(ends.map(ask));
  const runs = readFileSync(log, 'utf8').trim().split('\n').map(Number);
  t.same(runs, [1, 64, 64, 21]);
  t.same(uids, expected);
});
