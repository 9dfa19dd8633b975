import t from 'tap';
import { judgeDaemon } from '../../src/doctor/daemon.js';
import type { SeenSocket, SocketsFacts } from '../../src/doctor/sockets.js';
import { judgeSockets } from '../../src/doctor/sockets.js';
import { parseStatus } from '../../src/doctor/status.js';
import { brief, missing, of, person, RAXED, service, way } from './facts.js';

const ANSWERED = { kind: 'answered', version: '1.2.3', protocol: 1, ready: true, ms: 3 } as const;
const RUN = { uid: 990, gid: 990, mode: 0o750 };
const socket = (name: string, mode: number, changes: Partial<SeenSocket> = {}): SeenSocket => ({ path: `/run/raxed/${name}.sock`, way: way(`/run/raxed/${name}.sock`, { kind: 'socket', uid: 990, gid: 990, mode }, RUN), answer: ANSWERED, ...changes });
const GOOD: SocketsFacts = { site: service(), account: RAXED, gid: 990, control: socket('control', 0o600), scan: socket('scan', 0o660), ports: [], own: { version: '1.2.3', protocol: 1 } };
const judge = (changes: Partial<SocketsFacts>) => judgeSockets({ ...GOOD, ...changes });
const control = (changes: Partial<SeenSocket>) => judge({ control: socket('control', 0o600, changes) });

t.test('sockets that answer and have their modes are all right', (t) => {
  t.same(brief(judge({})), ['ok sockets.control', 'ok sockets.version', 'ok sockets.scan']);
  t.end();
});

t.test('each way of not answering has its own words', (t) => {
  t.match(of('problem', control({ answer: { kind: 'refused' } })), /is a left-over: nobody listens.*sudo systemctl start raxed/);
  t.match(of('problem', control({ answer: { kind: 'silent' } })), /does not answer: the daemon stands still/);
  t.match(of('problem', control({ answer: { kind: 'alien' } })), /is not raxed/);
  t.match(of('problem', control({ answer: { ...ANSWERED, ready: false } })), /data path does not move/);
  t.match(of('problem', control({ answer: { kind: 'absent' }, way: way('/run/raxed/control.sock') })), /is there and is no socket/);
  t.match(of('not_checked', control({ answer: { kind: 'absent' }, way: missing('/run/raxed', 'EACCES') })), /sudo raxed doctor/);
  t.match(of('not_checked', control({ answer: { kind: 'forbidden' } })), /only root and the daemon's user/);
  t.match(of('warning', judge({ scan: socket('scan', 0o660, { answer: { kind: 'forbidden' } }) })), /usermod -aG raxed USER/);
  const gone = { answer: { kind: 'absent' }, way: missing('/run/raxed/control.sock') } as const;
  const none = judge({ control: socket('control', 0, gone), scan: socket('scan', 0, gone) });
  t.same(brief(none), ['problem sockets.control'], 'once is enough');
  t.match(of('problem', judge({ site: person(), control: socket('control', 0, gone), scan: socket('scan', 0, gone) })), /raxed run --config \/home\/anna\/raxed\.json/);
  t.end();
});

t.test('modes, owners and folders are judged', (t) => {
  const rows: [Partial<SocketsFacts>, string][] = [
    [{ control: socket('control', 0o660) }, 'problem sockets.mode'],
    [{ scan: socket('scan', 0o666) }, 'problem sockets.mode'],
    [{ scan: socket('scan', 0o600) }, 'warning sockets.mode'],
    [{ gid: 7 }, 'warning sockets.owner'],
    [{ account: { ...RAXED, uid: 5 } }, 'warning sockets.owner'],
    [{ scan: { ...socket('scan', 0o660), way: way('/run/raxed/scan.sock', { kind: 'socket', uid: 990, gid: 990, mode: 0o660 }, { ...RUN, mode: 0o700 }) } }, 'warning sockets.folder'],
    [{ scan: { ...socket('scan', 0o660), way: way('/run/raxed/scan.sock', { kind: 'socket', uid: 990, gid: 990, mode: 0o660 }, { ...RUN, mode: 0o770 }) } }, 'warning sockets.folder'],
  ];
  for (const [changes, expected] of rows) t.ok(brief(judge(changes)).includes(expected), expected);
  t.end();
});

t.test('versions are compared, and ports asked', (t) => {
  t.match(of('warning', judge({ own: { version: '1.3.0', protocol: 1 } })), /the daemon is raxed 1\.2\.3, this program 1\.3\.0 → Restart the daemon/);
  t.match(of('problem', judge({ own: { version: '2.0.0', protocol: 2 } })), /do not understand each other/);
  const port = { setting: 'metrics', address: '127.0.0.1:9187' } as const;
  t.match(of('ok', judge({ ports: [{ ...port, listening: true }] })), /control\.metrics listens on 127\.0\.0\.1:9187/);
  t.match(of('problem', judge({ ports: [{ ...port, listening: false }] })), /needs a restart/);
  const down = { kind: 'refused' } as const;
  t.match(of('not_checked', judge({ control: socket('control', 0o600, { answer: down }), scan: socket('scan', 0o660, { answer: down }), ports: [{ ...port, listening: false }] })), /no daemon runs/);
  t.end();
});

t.test('the daemon\'s own word is put into plain words', (t) => {
  const spool = { state: 'ok', bytes: 10, max_bytes: 100, pending: 3, dead: 0, rejected: 0, dropped: 0 };
  const destination = { mssp_id: 'm', customer_id: 'c', name: 'webhook', state: 'ok', url: 'https://soc.example:443', pending: 0, dead: 0, oldest_pending_age_seconds: 0 };
  const judged = (changes: object) => judgeDaemon({ kind: 'status', status: parseStatus({ spool, audit: { state: 'ok' }, scanner: {}, destinations: [destination], warnings: [], ...changes }) });
  t.same(brief(judged({})), ['ok daemon.spool', 'ok daemon.destination']);
  t.match(of('warning', judged({ spool: { ...spool, bytes: 90 } })), /3 waiting events fill 90 % of spool\.max_bytes/);
  t.match(of('problem', judged({ spool: { ...spool, state: 'full' } })), /the spool is full/);
  t.match(of('warning', judged({ spool: { ...spool, rejected: 2, dropped: 1 } })), /3 events lost/);
  t.match(of('warning', judged({ spool: { ...spool, dead: 4 } })), /4 events refused for good.*raxed ctl spool dead list/);
  t.match(of('problem', judged({ audit: { state: 'failing' } })), /audit log cannot be written/);
  t.match(of('warning', judged({ scanner: { scans_failed: 1, scans_incomplete: 2 } })), /1 scan failed and 2 did not end/);
  t.match(of('warning', judged({ warnings: ['certificates are not checked'] })), /the daemon warns: certificates are not checked/);
  t.match(of('problem', judged({ destinations: [{ ...destination, state: 'misconfigured', pending: 9, last_error: { message: 'answered 401' } }] })), /m\/c\/webhook .* is held, because a setting is wrong: answered 401; 9 events waiting, none is lost/);
  t.match(of('problem', judged({ destinations: [{ ...destination, state: 'circuit_open', stalled: true, oldest_pending_age_seconds: 5000 }] })), /holds up the others.*quarter of an hour/);
  t.match(of('warning', judged({ destinations: [{ ...destination, pending: 5, oldest_pending_age_seconds: 3600 }] })), /waits for 60 minutes/);
  for (const kind of ['down', 'forbidden', 'silent'] as const) t.same(brief(judgeDaemon({ kind })), ['not_checked daemon.status']);
  t.same(brief(judgeDaemon({ kind: 'status', status: parseStatus('nonsense') })), ['ok daemon.spool'], 'an answer of another version is no crash');
  t.end();
});
