import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { FilteredBytes } from '../../src/event/privacy.js';
import { encodeEvent } from '../../src/event/privacy.js';
import { nodeSpoolFiles } from '../../src/platform/spool-files.js';
import { createSpool } from '../../src/spool/spool.js';
import { manualClock } from '../fixtures/clock.js';
import { eventually, makeSite, post, startDaemonProcess } from '../fixtures/daemon.js';
import { sampleScan } from '../fixtures/events.js';
import { silentLogger } from '../fixtures/logger.js';
import { startSoc } from '../fixtures/soc.js';

const SECRET = 'retention-secret';
const DAY_MS = 86_400_000;
const EVENTS = 20;

t.test('what waits and the dead letters go when a customer\'s days are over (0 to 90), are audited, and the SOC is told; nothing else goes', async (t) => {
  let up = false;
  const soc = await startSoc(SECRET, () => (up ? 200 : 503));
  const site = makeSite();
  const now = Date.now();
  const spool = await createSpool<FilteredBytes>(
    { folder: join(site.stateFolder, 'spool'), segmentBytes: 4096, maxBytes: 1024 ** 3, minFreeBytes: 0, whenFull: 'reject', ack: 'fsync', sealAgeMs: 3_600_000 },
    { files: nodeSpoolFiles, clock: manualClock(now - 2 * DAY_MS), logger: silentLogger, onReport: () => undefined },
  );
  const payload = (id: string): FilteredBytes => encodeEvent(sampleScan({ id, dataMode: 'full' }));
  for (const customerId of ['cust_0', 'cust_1', 'cust_30', 'cust_90']) {
    const stream = await spool.openStream({ msspId: 'mssp_test', customerId });
    const cursor = await stream.attach('webhook');
    const dead = payload(`evt_${customerId}_dead`);
    const seq = await stream.append(dead);
    const at = now - 2 * DAY_MS;
    await (await stream.deadLetters('webhook')).add({ seq, time: at, payload: dead }, { message: 'refused', attempts: 1, at });
    await cursor.commit(stream.nextSeq);
    for (let n = 0; n < EVENTS; n++) await stream.append(payload(`evt_${customerId}_${n}`));
  }
  await spool.close();
  site.writeConfig({
    mssps: [{ id: 'mssp_test', webhook: { url: soc.url, secret: SECRET }, customers: [0, 1, 30, 90].map((days) => ({ id: `cust_${days}`, data_mode: 'full', retention_days: days })) }],
    spool: { min_free_bytes: 0 },
  });
  const daemon = await startDaemonProcess(site);
  t.teardown(async () => { await daemon.kill('SIGKILL'); await soc.close(); site.remove(); });

  /** Of a file that goes meanwhile, nothing. */
  const read = (path: string): string => { try { return readFileSync(path, 'latin1'); } catch { return ''; } };
  const onDisk = (): string => readdirSync(join(site.stateFolder, 'spool'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => read(join(entry.parentPath, entry.name))).join('');
  const ids = [0, 1, 30, 90].map((days) => Array.from({ length: EVENTS }, (_, n) => `evt_cust_${days}_${n}"`));
  const left = (): number[] => { const bytes = onDisk(); return ids.map((of) => of.filter((id) => bytes.includes(id)).length); };
  await eventually('what was kept long enough is gone', () => JSON.stringify(left()) === JSON.stringify([0, 0, EVENTS, EVENTS]));
  const deadLeft = async (): Promise<string[]> => ((await post(site.controlSocket, '/v1/spool/dead/list', {})).body['dead'] as { event_id: string }[]).map(({ event_id }) => event_id).sort();
  await eventually('dead letters, too', async () => (await deadLeft()).length === 2);
  t.same(await deadLeft(), ['evt_cust_30_dead', 'evt_cust_90_dead']);

  const audit = (): Record<string, unknown>[] => {
    const folder = join(site.stateFolder, 'audit');
    return readdirSync(folder).filter((name) => name.endsWith('.jsonl')).flatMap((name) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n')).map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  const said = (customer: string, event: string): number => audit().filter((line) => line['customer_id'] === customer && (line['delivery_status'] === event || (line['kind'] === 'spool' && line['event'] === event))).length;
  for (const customer of ['cust_0', 'cust_1']) {
    await eventually(`the audit log says so of what waited for ${customer}`, () => said(customer, 'expired') > 0);
    await eventually(`and of its dead letters`, () => audit().some((line) => line['kind'] === 'spool' && line['event'] === 'dead_letters_expired' && line['customer_id'] === customer && line['destination'] === 'webhook' && line['count'] === 1));
  }
  for (const customer of ['cust_30', 'cust_90']) t.same([said(customer, 'expired'), said(customer, 'dead_letters_expired')], [0, 0]);

  up = true;
  await post(site.controlSocket, '/v1/reload', {});
  const arrived = (): string[] => soc.accepted.map(({ event }) => event.event_id);
  await eventually('what is left arrives', () => ids.slice(2).flat().every((id) => arrived().includes(id.slice(0, -1))), 120_000);
  t.notOk(arrived().some((id) => /cust_[01]_/.test(id)));
  const gaps = (): Record<string, unknown>[] => soc.accepted.flatMap(({ event }) => (event.event_type === 'delivery_gap' ? [event.payload] : []));
  for (const customer of ['cust_0', 'cust_1']) await eventually(`the SOC is told what it will never get of ${customer}`, () => gaps().some((gap) => gap['customer_id'] === customer), 120_000);
  for (const gap of gaps()) t.match(gap, { reason: 'expired', customer_id: /^cust_[01]$/, since: new Date(now - 2 * DAY_MS).toISOString() });
});
