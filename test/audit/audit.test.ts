import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { EMPTY_CHAIN, openLine, sealLine, signAnchor } from '../../src/audit/chain.js';
import { auditFilesIn, countExpired, nextFileName } from '../../src/audit/file-name.js';
import { auditKeyFile } from '../../src/audit/key.js';
import { openAuditLog } from '../../src/audit/log.js';
import { auditRecord, deliveryRecord, originOf } from '../../src/audit/record.js';
import { verifyAudit, type AuditVerification } from '../../src/audit/verify.js';
import { RaxedError } from '../../src/errors.js';
import { nodeRandom } from '../../src/platform/node.js';
import { nodeSpoolFiles } from '../../src/platform/spool-files.js';
import type { SpoolFile, SpoolFiles } from '../../src/ports.js';
import { manualClock } from '../fixtures/clock.js';
import { recordingLogger } from '../fixtures/logger.js';
import { DAY, MIB, OUTCOME, audit, auditIds, filesOf, isIntact, keyOf, linesOf, open, rawLines, verify } from './log-folder.js';

function unsigned(folder: string): Promise<AuditVerification> {
  return verifyAudit({ folder, key: undefined }, nodeSpoolFiles);
}

t.test('the line of a delivery is pinned, byte for byte', (t) => {
  const body = deliveryRecord(
    { ...OUTCOME, deliveryStatus: 'dead', httpStatus: 400, attempts: 3, errorMessage: 'answered 400' },
    { auditId: 'aud_01HZX3GZ7N9Q4M8T2V6B5C1D0E', timestamp: '2026-01-29T10:30:00.000Z' },
  );
  const line = sealLine(body, EMPTY_CHAIN);
  const canonical = '{"audit_id":"aud_01HZX3GZ7N9Q4M8T2V6B5C1D0E","timestamp":"2026-01-29T10:30:00.000Z","kind":"delivery","mssp_id":"mssp_a","customer_id":"cust_b",'
    + '"event_id":"evt_01HZX3GZ7N9Q4M8T2V6B5C1D0E","destination":"webhook","destination_url":"https://soc.example","data_mode":"full","data_fields_sent":["prompt"],'
    + `"delivery_status":"dead","http_status_code":400,"attempts":3,"error_message":"answered 400","seq":1,"prev_hash":"${'0'.repeat(64)}"}`;
  t.equal(line.hash, '5add4bd3836e6e23c4cabad7a9c9422dd5c9ab7210ebdf756f4fcbf4a0b4edff');
  t.equal(line.text, `${canonical.slice(0, -1)},"hash":"5add4bd3836e6e23c4cabad7a9c9422dd5c9ab7210ebdf756f4fcbf4a0b4edff"}`);
  t.match(openLine(Buffer.from(line.text)), { count: 1, prevHash: '0'.repeat(64), hash: line.hash, body: { attempts: 3 } });
  t.equal(signAnchor(Buffer.alloc(32), EMPTY_CHAIN), '968724ddd56a50a990d198a692669049813ed992084a33ccf8e0c4361acb947a');
  t.end();
});

t.test('a record holds short facts only, and nobody can name its own or the chain\'s fields', (t) => {
  const identity = { auditId: 'aud_1', timestamp: 'now' };
  t.same(auditRecord('config', { hash: 'x', seq: 9, prev_hash: 'y', audit_id: 'z', kind: 'k', timestamp: 't', gone: undefined, reloaded: true }, identity), { audit_id: 'aud_1', timestamp: 'now', kind: 'config', reloaded: true });
  const long = auditRecord('config', { text: 'x'.repeat(5000), list: Array.from({ length: 100 }, () => 'y'.repeat(5000)) }, identity);
  t.equal(String(long['text']).length, 1024);
  t.ok(JSON.stringify(long).length < 70_000);
  for (const [url, origin] of [
    ['https://user:pw@soc.example:8443/a/b?token=1#x', 'https://soc.example:8443'], ['syslog://siem.example:6514', 'syslog://siem.example:6514'],
    ['https://[::1]:9/x', 'https://[::1]:9'], ['no url', ''],
  ]) t.equal(originOf(url ?? ''), origin);
  t.end();
});

t.test('a sealed line opens, and no changed byte of it does', (t) => {
  const value = fc.oneof(fc.string({ unit: 'binary', maxLength: 20 }), fc.integer(), fc.boolean(), fc.array(fc.string(), { maxLength: 3 }));
  fc.assert(fc.property(fc.dictionary(fc.string({ maxLength: 8 }), value, { maxKeys: 5 }), fc.nat(), fc.integer({ min: 1, max: 255 }), (fields, at, flip) => {
    const line = sealLine(auditRecord('daemon', fields, { auditId: 'a', timestamp: 't' }), { count: 41, hash: 'a'.repeat(64) });
    const bytes = Buffer.from(line.text);
    const opened = openLine(bytes);
    if (opened?.count !== 42 || opened.hash !== line.hash) return false;
    const i = at % bytes.length;
    bytes[i] = (bytes[i] ?? 0) ^ flip;
    return openLine(bytes) === undefined;
  }), { numRuns: 300 });
  t.end();
});

t.test('names are ordered by day and number, and never go back', (t) => {
  const names = ['mssp_audit_2026-01-30.jsonl', 'mssp_audit_2026-01-29.10.jsonl', 'x.jsonl', 'mssp_audit_2026-01-29.2.jsonl', 'mssp_audit_2026-01-29.jsonl', 'mssp_audit.head', 'mssp_audit_2026-01-29.02.jsonl'];
  const files = auditFilesIn(names);
  t.same(files.map(({ day, n }) => `${day} ${n}`), ['2026-01-29 0', '2026-01-29 2', '2026-01-29 10', '2026-01-30 0']);
  t.equal(nextFileName(undefined, '2026-01-29').name, 'mssp_audit_2026-01-29.jsonl');
  t.equal(nextFileName(files[2], '2026-01-29').name, 'mssp_audit_2026-01-29.11.jsonl');
  t.equal(nextFileName(files[3], '2026-02-01').name, 'mssp_audit_2026-02-01.jsonl');
  t.equal(nextFileName(files[3], '2025-12-31').name, 'mssp_audit_2026-01-30.1.jsonl', 'a clock that was set back');
  const sized = files.map((file) => ({ ...file, bytes: 100 }));
  t.equal(countExpired(sized, { oldestDay: '2026-01-30', maxBytes: 1000 }), 3);
  t.equal(countExpired(sized, { oldestDay: '2026-12-31', maxBytes: 1000 }), 3, 'the newest stays');
  t.equal(countExpired(sized, { oldestDay: '2026-01-01', maxBytes: 250 }), 2);
  t.equal(countExpired(sized, { oldestDay: '2026-01-01', maxBytes: 400 }), 0);
  t.end();
});

t.test('a delivery becomes one line with an id, in a private file of a private folder', async (t) => {
  const { log, folder } = await open(t, audit(t));
  await log.outcome(OUTCOME);
  await log.event('config', { action: 'reloaded', mssps: 1 });
  t.match(linesOf(folder), [
    { kind: 'anchor', count: 0, seq: 1 },
    {
      audit_id: /^aud_[0-9A-Z]{26}$/, timestamp: '2026-01-30T10:30:00.000Z', kind: 'delivery', mssp_id: 'mssp_a', customer_id: 'cust_b', event_id: OUTCOME.eventId,
      destination: 'webhook', destination_url: 'https://soc.example', data_mode: 'full', data_fields_sent: ['prompt'], delivery_status: 'success', http_status_code: 200, attempts: 1,
      seq: 2, prev_hash: /^[0-9a-f]{64}$/, hash: /^[0-9a-f]{64}$/,
    },
    { kind: 'config', action: 'reloaded', mssps: 1, seq: 3 },
  ]);
  const [name = ''] = filesOf(folder);
  t.equal(name, 'mssp_audit_2026-01-30.jsonl');
  t.equal(statSync(join(folder, name)).mode & 0o777, 0o600);
  t.equal(statSync(folder).mode & 0o777, 0o700);
  t.equal(statSync(auditKeyFile(folder)).mode & 0o777, 0o600);
  t.equal(linesOf(folder).at(-1)?.['hash'], log.head.hash);
  t.match(log.stats(), { state: 'ok', files: 1, lines: 3, rejected: 0, bytes: statSync(join(folder, name)).size });
  await isIntact(t, folder, 3);
  await log.close();
  await log.close();
  await t.rejects(log.outcome(OUTCOME), { code: 'STOPPING' });
});

t.test('many callers wait on one fdatasync', async (t) => {
  let syncs = 0;
  const files = wrapped({ datasync: async (file) => { syncs++; await file.datasync(); } });
  const { log, folder } = await open(t, audit(t), { files });
  await log.outcome(OUTCOME);
  syncs = 0;
  const count = 5000;
  await Promise.all(Array.from({ length: count }, (_, i) => log.outcome({ ...OUTCOME, eventId: `evt_${i}` })));
  t.ok(syncs <= 7, `${syncs} fdatasyncs for ${count} records`);
  t.same(linesOf(folder).slice(2).map((line) => line['event_id']), Array.from({ length: count }, (_, i) => `evt_${i}`), 'in the order of the calls');
  await isIntact(t, folder, count + 2);
});

t.test('files follow one another by day and by size, and the chain goes on', async (t) => {
  const { log, folder, clock } = await open(t, audit(t), { maxFileBytes: 2000 });
  for (let i = 0; i < 12; i++) await log.outcome(OUTCOME);
  await clock.advance(DAY);
  for (let i = 0; i < 3; i++) await log.outcome(OUTCOME);
  clock.step(-3 * DAY);
  await log.outcome(OUTCOME);
  const names = filesOf(folder);
  t.equal(names[0], 'mssp_audit_2026-01-30.jsonl');
  t.equal(names[1], 'mssp_audit_2026-01-30.1.jsonl');
  t.ok(names.includes('mssp_audit_2026-01-31.jsonl'));
  t.ok(names.at(-1)?.startsWith('mssp_audit_2026-01-31'), 'a clock set back begins no earlier file');
  for (const name of names) t.ok(statSync(join(folder, name)).size < 3000, `${name} is bounded`);
  await isIntact(t, folder);
  t.equal(linesOf(folder).filter((line) => line['kind'] === 'delivery').length, 16);
  // A whole burst is cut into files, too.
  await Promise.all(Array.from({ length: 100 }, () => log.outcome(OUTCOME)));
  for (const name of filesOf(folder)) t.ok(statSync(join(folder, name)).size < 3000, `${name} is bounded`);
  await isIntact(t, folder);
});

t.test('a restart goes on with the chain, whatever of its last line a crash left', async (t) => {
  const folder = audit(t);
  const first = await open(t, folder);
  for (let i = 0; i < 3; i++) await first.log.outcome(OUTCOME);
  await first.log.close();
  const file = join(folder, 'mssp_audit_2026-01-30.jsonl');
  const before = readFileSync(file);
  const head = readFileSync(join(folder, 'mssp_audit.head'));
  const torn = sealLine(deliveryRecord(OUTCOME, { auditId: 'aud_x', timestamp: 't' }), { count: 4, hash: first.log.head.hash }).text;
  for (const rest of ['{', torn.slice(0, 100), torn, `${torn.slice(0, 50)}${'\0'.repeat(4000)}`]) {
    writeFileSync(file, before);
    writeFileSync(join(folder, 'mssp_audit.head'), head);
    appendFileSync(file, rest);
    const again = await open(t, folder);
    await again.log.outcome(OUTCOME);
    const lines = linesOf(folder);
    t.match(lines.slice(4), [{ kind: 'audit', action: 'torn_line_cut', bytes: Buffer.byteLength(rest), seq: 5 }, { kind: 'delivery', seq: 6 }]);
    await isIntact(t, folder, 6);
    await again.log.close();
  }
});

t.test('a crash before the first line of a new file loses nothing', async (t) => {
  const folder = audit(t);
  const { log } = await open(t, folder);
  await log.outcome(OUTCOME);
  await log.close();
  for (const [name, content] of [['mssp_audit_2026-01-30.1.jsonl', ''], ['mssp_audit_2026-01-30.2.jsonl', '{"audit_id":"aud_']]) writeFileSync(join(folder, name ?? ''), content ?? '');
  const again = await open(t, folder);
  await again.log.outcome(OUTCOME);
  t.match(linesOf(folder), [{}, {}, { action: 'torn_line_cut', bytes: 17 }, { kind: 'delivery' }]);
  t.equal(filesOf(folder).length, 1);
  await isIntact(t, folder, 4);
});

t.test('a log that was cut anywhere opens, and its verification says so unless only an unfinished line is gone', async (t) => {
  const folder = audit(t);
  const { log } = await open(t, folder);
  for (let i = 0; i < 2; i++) await log.outcome(OUTCOME);
  await log.close();
  const file = join(folder, 'mssp_audit_2026-01-30.jsonl');
  const whole = readFileSync(file);
  const key = keyOf(folder);
  const head = readFileSync(join(folder, 'mssp_audit.head'));
  for (let length = 0; length < whole.length; length += 41) {
    writeFileSync(file, whole.subarray(0, length));
    writeFileSync(join(folder, 'mssp_audit.head'), head);
    t.notOk((await verify(folder, key)).ok, `cut at ${length}: noticed`);
    const again = await open(t, folder);
    await again.log.outcome(OUTCOME);
    await again.log.close();
    const verdict = await verify(folder, key);
    t.match(verdict.firstBad?.problem, /missing/, 'and for ever after');
  }
});

t.test('after damage the daemon starts, begins a new file, and the bad line keeps its name', async (t) => {
  const folder = audit(t);
  const { log } = await open(t, folder);
  for (let i = 0; i < 3; i++) await log.outcome(OUTCOME);
  await log.close();
  const file = join(folder, 'mssp_audit_2026-01-30.jsonl');
  const bytes = readFileSync(file);
  bytes[bytes.length - 100] = 0;
  writeFileSync(file, bytes);
  const again = await open(t, folder);
  await again.log.outcome(OUTCOME);
  t.equal(filesOf(folder).length, 2);
  t.ok(readFileSync(file).equals(bytes), 'the damaged file is left as it is');
  t.match(readFileSync(join(folder, 'mssp_audit_2026-01-30.1.jsonl'), 'utf8'), /"action":"damaged_file_left","file":"mssp_audit_2026-01-30\.jsonl"/);
  t.match((await verify(folder)).firstBad, { file: 'mssp_audit_2026-01-30.jsonl', line: 4 });
});

t.test('any changed, removed, moved, doubled or added line is named', async (t) => {
  const folder = audit(t);
  const { log } = await open(t, folder, { maxFileBytes: 2500 });
  for (let i = 0; i < 12; i++) await log.outcome({ ...OUTCOME, eventId: `evt_${i}` });
  await log.close();
  const key = keyOf(folder);
  const names = filesOf(folder);
  t.ok(names.length >= 3);
  const content = new Map(names.map((name) => [name, readFileSync(join(folder, name), 'utf8').trimEnd().split('\n')]));
  const tamper = async (name: string, change: (lines: string[]) => string[]): Promise<{ file?: string | undefined; line?: number | undefined; problem?: string | undefined }> => {
    const lines = content.get(name) ?? [];
    writeFileSync(join(folder, name), change([...lines]).map((line) => `${line}\n`).join(''));
    const { firstBad } = await verify(folder, key);
    writeFileSync(join(folder, name), lines.map((line) => `${line}\n`).join(''));
    return { ...firstBad };
  };
  for (const [index, name] of names.entries()) {
    const count = content.get(name)?.length ?? 0;
    for (let i = 0; i < count; i++) {
      t.match(await tamper(name, (lines) => lines.map((line, at) => (at === i ? line.replace('2026', '2025') : line))), { file: name, line: i + 1 }, `changed ${name}:${i + 1}`);
      const removed = await tamper(name, (lines) => lines.toSpliced(i, 1));
      t.match(removed.problem, /missing|begin/, `removed ${name}:${i + 1}: ${removed.problem ?? ''}`);
      if (i < count - 1) t.match(removed, { file: name, line: i + 1 });
      else if (index < names.length - 1) t.match(removed, { file: names[index + 1], line: 1 });
      if (i < count - 1) t.match(await tamper(name, (lines) => lines.toSpliced(i, 2, lines[i + 1] ?? '', lines[i] ?? '')), { file: name, line: i + 1 }, `swapped ${name}:${i + 1}`);
      t.match(await tamper(name, (lines) => lines.toSpliced(i, 0, lines[i] ?? '')), { file: name, line: i + 2 }, `doubled ${name}:${i + 1}`);
    }
    const saved = readFileSync(join(folder, name));
    rmSync(join(folder, name));
    const without = await verify(folder, key);
    t.match(without.firstBad?.problem, /missing/, `removed all of ${name}: ${without.firstBad?.problem ?? ''}`);
    writeFileSync(join(folder, name), saved);
  }
  await isIntact(t, folder);

  // Whoever rewrites everything lacks the key.
  let chain = EMPTY_CHAIN;
  const forged = linesOf(folder).slice(0, 2).map(({ seq: _seq, prev_hash: _prev, hash: _hash, ...body }) => {
    const line = sealLine(body as Record<string, string>, chain);
    chain = line;
    return line.text;
  });
  for (const name of names.slice(1)) rmSync(join(folder, name));
  writeFileSync(join(folder, names[0] ?? ''), forged.map((line) => `${line}\n`).join(''));
  t.match((await verify(folder, key)).firstBad, { problem: /missing/ });
  rmSync(join(folder, 'mssp_audit.head'));
  t.match((await verify(folder, key)).firstBad, { problem: /head file is missing/ });
  writeFileSync(join(folder, 'mssp_audit.head'), JSON.stringify({ count: 2, hash: chain.hash, signature: '0'.repeat(64) }));
  t.match((await verify(folder, key)).firstBad, { problem: /head file is damaged/ });
  t.notOk((await verify(folder, Buffer.alloc(32))).ok, 'another key');
});

t.test('whole oldest files are removed by age, and the rest still verifies', async (t) => {
  const folder = audit(t);
  const { log, clock } = await open(t, folder, { retentionDays: 90 });
  await log.outcome(OUTCOME);
  await clock.advance(DAY);
  await log.outcome(OUTCOME);
  await clock.advance(89 * DAY);
  await log.outcome(OUTCOME);
  t.same(await log.cleanup(), [], 'exactly 90 days old is kept');
  t.equal(filesOf(folder).length, 3);
  await clock.advance(DAY);
  await log.outcome(OUTCOME);
  await log.cleanup(); // waits for the cleanup that the new file began
  t.same(filesOf(folder), ['mssp_audit_2026-01-31.jsonl', 'mssp_audit_2026-04-30.jsonl', 'mssp_audit_2026-05-01.jsonl']);
  t.match(linesOf(folder), [{ kind: 'anchor', count: 2, seq: 3, signature: /^[0-9a-f]{64}$/ }, {}, {}, {}, {}, {}, { kind: 'audit', action: 'removed', removed_lines: 2, removed_files: 1, first_file: 'mssp_audit_2026-01-30.jsonl' }]);
  await isIntact(t, folder, 7);
  t.same(await log.cleanup(0), ['mssp_audit_2026-01-31.jsonl', 'mssp_audit_2026-04-30.jsonl'], 'today\'s stays');
  await isIntact(t, folder);

  rmSync(join(folder, 'mssp_audit_2026-05-01.jsonl'));
  t.notOk((await unsigned(folder)).ok, 'what somebody else removed is missed');
  await log.close();
  const again = await open(t, folder, { clock });
  await again.log.outcome(OUTCOME);
  t.match(await unsigned(folder), { ok: false, firstBad: { problem: /missing/ } });
});

t.test('all files together stay below max_bytes', async (t) => {
  const { log, folder } = await open(t, audit(t), { maxFileBytes: 2000, maxBytes: 10_000 });
  for (let i = 0; i < 40; i++) await log.outcome(OUTCOME);
  await log.cleanup();
  const total = filesOf(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  t.ok(total <= 12_500, `${total} bytes`);
  await isIntact(t, folder);
  log.reconfigure({ maxFileBytes: 2000, maxBytes: 4000, retentionDays: 90 });
  await log.cleanup();
  t.ok(filesOf(folder).length <= 3);
  await isIntact(t, folder);
});

t.test('opening reads the end of the newest file only', async (t) => {
  const folder = audit(t);
  const { log } = await open(t, folder, { maxFileBytes: MIB });
  await Promise.all(Array.from({ length: 6000 }, () => log.outcome(OUTCOME)));
  await log.close();
  let read = 0;
  const again = await open(t, folder, { files: wrapped({ read: async (file, buffer, position) => { read += buffer.length; return file.read(buffer, position); } }) });
  t.ok(read < 100_000, `${read} bytes of ${log.stats().bytes}`);
  t.same(again.log.head, log.head);
});

t.test('a long last line is found, too', async (t) => {
  const folder = audit(t);
  const first = await open(t, folder);
  await first.log.event('config', Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`field_${i}`, '\u0001'.repeat(1024)])));
  await first.log.close();
  const again = await open(t, folder);
  t.equal(again.log.head.hash, first.log.head.hash);
  await again.log.outcome(OUTCOME);
  await isIntact(t, folder, 3);
});

t.test('a file that is taken away, replaced or cut while the log is open costs no later record, and is said', async (t) => {
  const place = t.testdir({});
  for (const [how, harm] of Object.entries<(file: string, folder: string) => void>({
    deleted: (file) => { rmSync(file); },
    'the whole folder deleted': (_file, folder) => { rmSync(folder, { recursive: true }); },
    'replaced by a longer one': (file) => { const text = readFileSync(file); rmSync(file); writeFileSync(file, Buffer.concat([text, Buffer.from('x\n')])); },
    'a folder': (file) => { rmSync(file); mkdirSync(file); },
    'a link': (file) => { rmSync(file); symlinkSync('/dev/null', file); },
    cut: (file) => { truncateSync(file, 300); },
  })) {
    const folder = join(place, how, 'audit');
    const { log } = await open(t, folder);
    await log.outcome(OUTCOME);
    harm(join(folder, 'mssp_audit_2026-01-30.jsonl'), folder);
    await log.outcome({ ...OUTCOME, eventId: 'evt_after' });
    await log.outcome({ ...OUTCOME, eventId: 'evt_later' });
    const later = rawLines(folder, 'mssp_audit_2026-01-30.1.jsonl').map((line) => JSON.parse(line) as Record<string, unknown>);
    t.match(later, [{ kind: 'anchor' }, { event_id: 'evt_after' }, { action: 'file_lost', file: 'mssp_audit_2026-01-30.jsonl' }, { event_id: 'evt_later' }], how);
    if (!['a folder', 'a link'].includes(how)) t.equal((await verify(folder)).ok, false, `${how}: verification finds it`);
    await log.close();
    t.equal(log.stats().rejected, 0);
  }

  const folder = join(place, 'equal', 'audit');
  const { log } = await open(t, folder);
  await log.outcome(OUTCOME);
  const file = join(folder, 'mssp_audit_2026-01-30.jsonl');
  const text = readFileSync(file);
  rmSync(file);
  writeFileSync(file, text);
  await log.outcome(OUTCOME);
  t.equal(rawLines(folder, 'mssp_audit_2026-01-30.jsonl').length, 3, 'an equal one, as an editor leaves it, is written on');
  await isIntact(t, folder);
});

t.test('a full disk rejects, keeps nothing half, and heals by itself', async (t) => {
  const folder = audit(t);
  let mode: 'ok' | 'full' | 'short' | 'sync' | 'create' = 'ok';
  const files = wrapped({
    write: async (file, chunks, position) => {
      if (mode === 'full') throw errno('ENOSPC');
      if (mode !== 'short') return file.write(chunks, position);
      mode = 'full';
      return file.write(chunks.map((chunk) => chunk.subarray(0, 100)), position);
    },
    datasync: async (file) => { await file.datasync(); if (mode === 'sync') throw errno('EIO'); },
    open: async (path, how) => { if (mode === 'create' && how === 'create') throw errno('ENOSPC'); return nodeSpoolFiles.open(path, how); },
  });
  const { log, clock } = await open(t, folder, { files, maxFileBytes: 5000 });
  await log.outcome(OUTCOME);
  for (const trouble of ['full', 'short', 'sync', 'full'] as const) {
    mode = trouble;
    const refused = await Promise.allSettled(Array.from({ length: 3 }, () => log.outcome({ ...OUTCOME, eventId: 'evt_refused' })));
    for (const result of refused) {
      t.ok(result.status === 'rejected' && result.reason instanceof RaxedError && result.reason.code === 'AUDIT_IO', trouble);
    }
    t.equal(log.stats().state, 'failing');
    const durable = log.stats().lines;
    await clock.advance(1000);
    mode = 'ok';
    await log.outcome({ ...OUTCOME, eventId: `evt_after_${trouble}` });
    t.equal(log.stats().state, 'ok');
    t.ok(log.stats().lines >= durable + 2);
    await isIntact(t, folder);
  }
  mode = 'create';
  await clock.advance(DAY);
  await t.rejects(log.outcome(OUTCOME), { code: 'AUDIT_IO' });
  mode = 'ok';
  await log.outcome(OUTCOME);
  const lines = linesOf(folder);
  t.equal(lines.filter((line) => line['event_id'] === 'evt_refused').length, 0, 'what was refused is not there');
  t.same(lines.filter((line) => line['action'] === 'healed').map((line) => line['rejected_records']), [3, 3, 3, 3, 1]);
  t.ok(filesOf(folder).length >= 3, 'after a failed fdatasync a new file was begun');
  t.equal(log.stats().rejected, 13);
  await isIntact(t, folder);
});

t.test('any sequence of failures leaves an intact chain with every acknowledged record once, in order', async (t) => {
  const step = fc.record({
    writes: fc.integer({ min: 1, max: 5 }),
    trouble: fc.constantFrom('none', 'none', 'none', 'write', 'short', 'sync', 'truncate', 'create', 'folder', 'restart', 'day'),
  });
  const base = t.testdir({});
  let run = 0;
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
    const folder = join(base, `run${run++}`, 'audit');
    const clock = manualClock();
    let trouble = 'none';
    const fail = (name: string, code: string): void => { if (trouble === name) throw errno(code); };
    const files = wrapped({
      write: async (file, chunks, position) => {
        if (trouble === 'short') { await file.write(chunks.map((chunk) => chunk.subarray(0, 50)), position); throw errno('ENOSPC'); }
        fail('write', 'EIO');
        fail('truncate', 'EIO');
        return file.write(chunks, position);
      },
      datasync: async (file) => { fail('sync', 'EIO'); await file.datasync(); },
      truncate: async (file, length) => { fail('truncate', 'EIO'); await file.truncate(length); },
      open: async (path, how) => { if (how === 'create') fail('create', 'ENOSPC'); return nodeSpoolFiles.open(path, how); },
      syncFolder: async (path) => { fail('folder', 'EIO'); await nodeSpoolFiles.syncFolder(path); },
    });
    let { log } = await open(t, folder, { files, clock, maxFileBytes: 1500 });
    const acknowledged: string[] = [];
    let id = 0;
    for (const { writes, trouble: next } of steps) {
      if (next === 'restart') { await log.close(); log = (await open(t, folder, { files, clock, maxFileBytes: 1500 })).log; }
      if (next === 'day') await clock.advance(DAY);
      trouble = next;
      const ids = Array.from({ length: writes }, () => `evt_${id++}`);
      const results = await Promise.allSettled(ids.map((eventId) => log.outcome({ ...OUTCOME, eventId })));
      trouble = 'none';
      results.forEach((result, i) => { if (result.status === 'fulfilled') acknowledged.push(ids[i] ?? ''); });
    }
    await log.outcome({ ...OUTCOME, eventId: 'evt_last' });
    acknowledged.push('evt_last');
    await log.close();
    const verdict = await verify(folder);
    if (!verdict.ok) throw new Error(`${verdict.firstBad?.file}:${verdict.firstBad?.line} ${verdict.firstBad?.problem}`);
    const stored = linesOf(folder).filter((line) => line['kind'] === 'delivery').map((line) => line['event_id']);
    t.strictSame(stored, acknowledged);
  }), { numRuns: 25 });
});

t.test('verification works beside a running log', async (t) => {
  const { log, folder } = await open(t, audit(t), { maxFileBytes: 20_000, maxBytes: 100_000 });
  await log.outcome(OUTCOME);
  const key = keyOf(folder);
  let writing = true;
  const writer = (async () => {
    for (let i = 0; i < 15; i++) await Promise.all(Array.from({ length: 20 }, () => log.outcome(OUTCOME)));
    writing = false;
  })();
  let checks = 0;
  while (writing) {
    const verdict = await verify(folder, key);
    if (!verdict.ok) t.fail(JSON.stringify(verdict.firstBad));
    checks++;
  }
  await writer;
  t.ok(checks > 0);
  await isIntact(t, folder);
});

t.test('a lost key is replaced and said so; what it signed is not vouched for any more', async (t) => {
  const folder = audit(t);
  const first = await open(t, folder);
  await first.log.outcome(OUTCOME);
  await first.log.close();
  writeFileSync(auditKeyFile(folder), 'damaged');
  const logger = recordingLogger();
  const clock = manualClock();
  const log = await openAuditLog({ folder, maxFileBytes: MIB, maxBytes: MIB, retentionDays: 1 }, { files: nodeSpoolFiles, clock, random: nodeRandom, logger, spend: (write) => write(), ulid: auditIds(clock) });
  await log.outcome(OUTCOME);
  t.match(linesOf(folder)[2], { kind: 'audit', action: 'key_replaced' });
  t.match((await verify(folder)).firstBad, { line: 1, problem: /signature/ });
  t.ok((await unsigned(folder)).ok, 'the chain itself is');
  await log.close();
});

t.test('a folder that cannot be used is a clear error', async (t) => {
  const folder = t.testdir({ file: 'x' });
  await t.rejects(open(t, join(folder, 'file', 'audit')), { code: 'STATE_UNWRITABLE', message: /ENOTDIR/ });
  t.match(await unsigned(t.testdir({ empty: {} })), { ok: true, lines: 0 });
});

t.test('an empty or foreign file does no harm', async (t) => {
  const folder = audit(t);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'notes.txt'), 'x');
  writeFileSync(join(folder, 'mssp_audit.head'), 'nonsense');
  const { log } = await open(t, folder);
  await log.outcome(OUTCOME);
  await isIntact(t, folder, 3);
  t.match(linesOf(folder)[1], { kind: 'audit', action: 'head_missing' }, 'a head file that cannot be read is said');
  t.ok(existsSync(join(folder, 'notes.txt')));
});

t.test('a folder, a link or a pipe in the place of a file of the log is kept aside and said, and the log goes on', async (t) => {
  const place = t.testdir({});
  const puts: Record<string, (path: string) => unknown> = {
    'a folder': (path) => { mkdirSync(join(path, 'with something in it'), { recursive: true }); },
    'a link': (path) => { symlinkSync('/nowhere', path); },
    'a pipe': (path) => execFileSync('mkfifo', [path]),
  };
  const newest = 'mssp_audit_2026-01-31.jsonl';
  let site = 0;
  for (const [what, put] of Object.entries(puts)) {
    for (const [name, found] of [
      [newest, ['no_file_set_aside', 'lines_missing']],
      ['mssp_audit_2026-01-30.jsonl', ['no_file_set_aside']],
      ['mssp_audit.head', ['no_file_set_aside', 'head_missing']],
      ['../audit.key', ['no_file_set_aside', 'key_replaced']],
    ] as const) {
      const folder = join(place, String(site++), 'audit');
      const clock = manualClock();
      const first = await open(t, folder, { clock });
      await first.log.outcome(OUTCOME);
      clock.step(DAY);
      await first.log.outcome(OUTCOME);
      await first.log.close();
      for (const n of [1, 2]) {
        const path = join(folder, name);
        const before = new Set(linesOf(folder).map((line) => line['audit_id']));
        rmSync(path);
        put(path);
        const logger = recordingLogger();
        const { log } = await open(t, folder, { clock, logger });
        await log.outcome(OUTCOME);
        await log.close();
        const notes = linesOf(folder).filter((line) => line['kind'] === 'audit' && !before.has(line['audit_id']));
        t.same(notes.map((line) => line['action']), found, `${what}: ${name}`);
        const kept = { file: basename(name), kept_as: `${basename(name)}.damaged-${n}` };
        t.match(notes[0], kept);
        t.match(logger.lines.find(({ message }) => message === 'the audit log is not as it was left'), { fields: { findings: [kept] } });
        t.equal(lstatSync(`${path}.damaged-${n}`).isFile(), false, 'nothing is deleted');
        t.equal(lstatSync(path, { throwIfNoEntry: false })?.isFile(), name.endsWith('01-30.jsonl') ? undefined : true, 'a file is in its place again');
        if (name.endsWith('01-30.jsonl')) break;
      }
    }
  }
});

t.test('what is no file and cannot be moved aside is an error that says what to do', async (t) => {
  const folder = audit(t);
  mkdirSync(join(folder, 'mssp_audit.head'), { recursive: true });
  const files: SpoolFiles = { ...nodeSpoolFiles, rename: () => Promise.reject(Object.assign(new Error('a mount point'), { code: 'EBUSY' })) };
  await t.rejects(open(t, folder, { files }), { code: 'STATE_UNWRITABLE', message: /mssp_audit\.head is no regular file and cannot be renamed: move it out of the way \(EBUSY\)$/ });
});

interface Faults {
  open?: SpoolFiles['open'];
  syncFolder?: SpoolFiles['syncFolder'];
  write?(file: SpoolFile, chunks: readonly Uint8Array[], position: number): Promise<number>;
  read?(file: SpoolFile, buffer: Uint8Array, position: number): Promise<number>;
  datasync?(file: SpoolFile): Promise<void>;
  truncate?(file: SpoolFile, length: number): Promise<void>;
}

/** The real file system with some calls replaced. */
function wrapped(faults: Faults): SpoolFiles {
  return {
    ...nodeSpoolFiles,
    syncFolder: faults.syncFolder ?? nodeSpoolFiles.syncFolder,
    async open(path, mode) {
      const file = await (faults.open ?? nodeSpoolFiles.open)(path, mode);
      return {
        ...file,
        write: (chunks, position) => faults.write?.(file, chunks, position) ?? file.write(chunks, position),
        read: (buffer, position) => faults.read?.(file, buffer, position) ?? file.read(buffer, position),
        datasync: () => faults.datasync?.(file) ?? file.datasync(),
        truncate: (length) => faults.truncate?.(file, length) ?? file.truncate(length),
      };
    },
  };
}

function errno(code: string): Error {
  return Object.assign(new Error(code), { code });
}
