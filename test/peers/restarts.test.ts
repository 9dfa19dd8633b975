import { join } from 'node:path';
import t from 'tap';
import { createSyslogOutput } from '../../src/outputs/syslog.js';
import type { Output } from '../../src/outputs/output.js';
import { nodeClock } from '../../src/platform/node.js';
import { drainSpool, fillSpool } from '../bench/delivery-sides.js';
import { parseCef } from '../fixtures/cef-parser.js';
import { makeCertificates } from '../fixtures/certificates.js';
import { eventually } from '../fixtures/daemon.js';
import { rsyslog, withoutRsyslog } from '../fixtures/rsyslog.js';
import { syslogNg, withoutSyslogNg } from '../fixtures/syslog-ng.js';
import type { PeerTls, SyslogPeer, SyslogWay } from '../fixtures/syslog-peer.js';

/** From a spool on disk through a real receiver that is restarted in the middle, with confirm "fin": what is confirmed is there. */

const LONG = process.env['RAXED_TEST_LONG'] !== undefined;
const EVENTS = LONG ? 100_000 : 3000;
const RESTARTS = LONG ? 10 : 3;
/** Small enough that a restart meets a connection at every stage. */
const BATCH = LONG ? 2000 : 250;
const LIMIT_MS = LONG ? 3_600_000 : 240_000;
t.setTimeout(LIMIT_MS);
/** What of a window that it has read to the end syslog-ng may still have in its memory, which nothing but an orderly stop writes: its flow control's `log-iw-size()` of 1,000. */
const SYSLOG_NG_MEMORY = 1000;

interface Case {
  readonly peer: string;
  readonly without: string | false;
  readonly create: (folder: string, tls: PeerTls) => Promise<SyslogPeer>;
  readonly way: SyslogWay;
  readonly signal: 'SIGTERM' | 'SIGKILL';
  /** How many events a kill may cost, because the receiver had read them and not yet written them. */
  readonly memory: number;
}

const inMemory = { peer: 'rsyslog', without: withoutRsyslog(), create: (folder: string, tls: PeerTls) => rsyslog(folder, { tls }), memory: 0 };
const direct = { ...inMemory, peer: 'rsyslog with a direct queue', create: (folder: string, tls: PeerTls) => rsyslog(folder, { tls, queue: 'direct' }) };
const ng = { peer: 'syslog-ng', without: withoutSyslogNg(), create: (folder: string, tls: PeerTls) => syslogNg(folder, { tls }), memory: 0 };
const CASES: readonly Case[] = [
  { ...inMemory, way: 'tcp-5424-counted', signal: 'SIGTERM' },
  { ...inMemory, way: 'tls-5424-counted', signal: 'SIGTERM' },
  { ...direct, way: 'tcp-5424-counted', signal: 'SIGKILL' },
  { ...direct, way: 'tls-5424-counted', signal: 'SIGKILL' },
  { ...ng, way: 'tcp-5424-counted', signal: 'SIGTERM' },
  { ...ng, way: 'tls-5424-counted', signal: 'SIGTERM' },
  { ...ng, way: 'tcp-3164-lf', signal: 'SIGKILL', memory: SYSLOG_NG_MEMORY },
];

for (const { peer: name, without, create, way, signal, memory } of CASES) {
  t.test(`every event gets through ${name} over ${way}, restarted ${RESTARTS} times with ${signal}`, { skip: without, timeout: LIMIT_MS }, async (t) => {
    const folder = t.testdir();
    const server = makeCertificates(folder, 'server');
    const client = makeCertificates(folder, 'client', { altNames: 'DNS:raxed.acme.example' });
    const peer = await create(join(folder, 'peer'), { certFile: server.certFile, keyFile: server.keyFile, clientCaFile: client.caFile, clientName: 'raxed.acme.example' });
    t.teardown(() => peer.stop('SIGKILL'));
    await peer.start();
    await fillSpool(join(folder, 'state'), EVENTS, ['syslog']);

    const output = createSyslogOutput({
      name: 'syslog', host: '127.0.0.1', port: peer.ports[way] ?? 0, transport: 'tcp', skipVerify: false, facility: 16, hostname: 'prod-server-01', appName: 'RAXE',
      ...(way.startsWith('tls') ? { tls: { caFile: server.caFile, certFile: client.certFile, keyFile: client.keyFile } } : {}),
      format: way.includes('3164') ? 'rfc3164' : 'rfc5424', framing: way.endsWith('lf') ? 'lf' : 'octet-counting',
      confirm: 'fin', batchEvents: BATCH, batchBytes: 1024 * 1024, timeoutMs: 60_000, clock: nodeClock,
      cef: { deviceVendor: 'RAXE', deviceProduct: 'ThreatDetection', version: '0.0.0', installationId: 'inst_whole', mode: 'strict' },
    });
    const confirmed: string[] = [];
    let failures = 0;
    const watched: Output = {
      ...output,
      async send(batch, abort) {
        try {
          const receipt = await output.send(batch, abort);
          confirmed.push(...batch.map(({ event }) => event.event_id));
          return receipt;
        } catch (error) {
          failures++;
          throw error;
        }
      },
    };

    const restarting = (async () => {
      for (let i = 1; i <= RESTARTS; i++) {
        const due = (EVENTS * i) / (RESTARTS + 1);
        await eventually('it is time for the next restart', () => confirmed.length >= due - BATCH / 2, LIMIT_MS);
        // In the middle of a window: the file grows and nothing more was confirmed yet.
        const size = peer.size();
        await eventually('the receiver is writing', () => peer.size() > size || confirmed.length === EVENTS, 120_000);
        await peer.stop(signal);
        await peer.start();
      }
    })();
    const rate = await drainSpool(join(folder, 'state'), watched);
    await restarting;
    await eventually('the receiver has written the last event', () => peer.rows().some(({ text }) => text.includes(confirmed.at(-1) ?? '?')), 60_000);
    await peer.stop('SIGTERM');

    const rows = peer.rows();
    const ids = rows.map(({ text }) => parseCef(text).extension['cs4'] ?? '');
    const arrived = new Set(ids);
    const missing = confirmed.filter((id) => !arrived.has(id));
    t.comment(`${EVENTS} events, ${Math.round(rate)}/s, ${failures} sends failed, ${rows.length - arrived.size} duplicates, ${missing.length} missing`);
    t.equal(new Set(confirmed).size, EVENTS, 'every event was confirmed');
    t.ok(missing.length <= memory * RESTARTS, `what was confirmed is there (${missing.length} missing)`);
    t.same([...arrived].filter((id) => !/^evt_[0-9A-Z]{26}$/.test(id)), [], 'nothing arrived that was not sent');
    const cut = rows.filter(({ text }) => !text.endsWith(' deviceExternalId=inst_whole') || text.split('CEF:0').length !== 2);
    t.same(cut, [], 'nothing is cut');
    if (signal === 'SIGTERM') t.equal(peer.torn(), 0);
    const seen = new Map<string, string>();
    const different = rows.filter(({ text }, i) => { const id = ids[i] ?? ''; const before = seen.get(id); seen.set(id, text); return before !== undefined && before !== text; });
    t.same(different, [], 'a duplicate is the same event');
  });
}
