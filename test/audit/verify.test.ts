import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { openLine, sealLine } from '../../src/audit/chain.js';
import { HEAD_FILE } from '../../src/audit/file-name.js';
import { auditKeyFile } from '../../src/audit/key.js';
import { auditRecord } from '../../src/audit/record.js';
import type { BadLine } from '../../src/audit/verify.js';
import { verifyAudit } from '../../src/audit/verify.js';
import { nodeSpoolFiles } from '../../src/platform/spool-files.js';
import type { SpoolFiles } from '../../src/ports.js';
import { DAY, OUTCOME, audit, filesOf, isIntact, keyOf, linesOf, open, rawLines, verify } from './log-folder.js';

type Snapshot = ReadonlyMap<string, Buffer>;

/** A closed log of several files, and its bytes. */
async function closedLog(t: Test): Promise<{ folder: string; names: string[]; snapshot: Snapshot }> {
  const folder = audit(t);
  const { log } = await open(t, folder, { maxFileBytes: 2500 });
  for (let i = 0; i < 12; i++) await log.outcome({ ...OUTCOME, eventId: `evt_${i}` });
  await log.close();
  const names = filesOf(folder);
  assert.ok(names.length >= 3);
  return { folder, names, snapshot: take(folder) };
}

function take(folder: string): Snapshot {
  return new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
}

function putBack(folder: string, snapshot: Snapshot): void {
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
  for (const [name, bytes] of snapshot) writeFileSync(join(folder, name), bytes);
}

function rewrite(folder: string, name: string, change: (lines: string[]) => string[]): void {
  writeFileSync(join(folder, name), change(rawLines(folder, name)).map((line) => `${line}\n`).join(''));
}

/** A line that is well made, as somebody without the key can make it. */
function forged(after: string, fields: Record<string, string | number>): string {
  const head = openLine(Buffer.from(after));
  assert.ok(head !== undefined);
  return sealLine(auditRecord('audit', fields, { auditId: 'aud_forged', timestamp: '2026-01-30T10:30:00.000Z' }), head).text;
}

function writingProcess(t: Test, folder: string): ChildProcessByStdio<Writable, Readable, null> {
  const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'writing-process.ts'), '--folder', folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  return child;
}

t.test('damage has a place and a kind: altered, missing or truncated', async (t) => {
  const { folder, names, snapshot } = await closedLog(t);
  const [first = '', second = ''] = names;
  const last = names.at(-1) ?? '';
  const count = (name: string): number => (snapshot.get(name)?.toString().split('\n').length ?? 0) - 1;
  const head = snapshot.get(HEAD_FILE) ?? Buffer.alloc(0);
  const cut = (name: string, bytes: number) => (): void => { writeFileSync(join(folder, name), (snapshot.get(name) ?? head).subarray(0, bytes)); };
  const size = (name: string): number => snapshot.get(name)?.length ?? 0;
  const lineLength = (name: string, line: number): number => Buffer.byteLength(snapshot.get(name)?.toString().split('\n').at(line) ?? '') + 1;

  const cases: Record<string, [damage: () => void, bad: BadLine]> = {
    'a changed value': [() => { rewrite(folder, second, (lines) => lines.with(2, lines[2]?.replace('success', 'failed!') ?? '')); }, { file: second, line: 3, kind: 'altered', problem: 'the line was changed or is damaged' }],
    'two lines in the other order': [() => { rewrite(folder, second, ([a = '', b = '', c = '', ...rest]) => [a, c, b, ...rest]); }, { file: second, line: 2, kind: 'altered', problem: 'it is not in its place' }],
    'a line moved to a later file': [() => {
      const moved = rawLines(folder, first)[1] ?? '';
      rewrite(folder, first, (lines) => lines.toSpliced(1, 1));
      rewrite(folder, last, (lines) => [...lines, moved]);
    }, { file: first, line: 2, kind: 'altered', problem: 'it is not in its place' }],
    'a line twice': [() => { rewrite(folder, second, (lines) => lines.toSpliced(2, 0, lines[1] ?? '')); }, { file: second, line: 3, kind: 'altered', problem: 'it does not follow the line before it' }],
    'a forged line': [() => { rewrite(folder, second, (lines) => lines.toSpliced(2, 0, forged(lines[1] ?? '', { action: 'x' }))); }, { file: second, line: 4, kind: 'altered', problem: 'it does not follow the line before it' }],
    'a forged last line': [() => { rewrite(folder, last, (lines) => [...lines.slice(0, -1), forged(lines.at(-2) ?? '', { action: 'x' })]); }, { file: last, line: count(last), kind: 'altered', problem: 'it is not the line that was written here' }],
    'an empty line': [() => { rewrite(folder, first, (lines) => lines.toSpliced(1, 0, '')); }, { file: first, line: 2, kind: 'altered', problem: 'the line was changed or is damaged' }],
    'a line moved to the next file': [() => {
      const moved = rawLines(folder, first).at(-1) ?? '';
      rewrite(folder, first, (lines) => lines.slice(0, -1));
      rewrite(folder, second, (lines) => [moved, ...lines]);
    }, { file: second, line: 1, kind: 'altered', problem: 'the file does not begin with an anchor' }],
    'an older file cut off in a line': [cut(first, size(first) - 5), { file: first, line: count(first), kind: 'altered', problem: 'the line is cut off' }],
    'a line gone from the middle': [() => { rewrite(folder, second, (lines) => lines.toSpliced(2, 1)); }, { file: second, line: 3, kind: 'missing', problem: '1 line before it is missing' }],
    'an anchor gone': [() => { rewrite(folder, second, (lines) => lines.slice(1)); }, { file: second, line: 1, kind: 'missing', problem: '1 line before it is missing' }],
    'the last line of an older file gone': [cut(first, size(first) - lineLength(first, count(first) - 1)), { file: second, line: 1, kind: 'missing', problem: '1 line before it is missing' }],
    'the first file gone': [() => { rmSync(join(folder, first)); }, { file: second, line: 1, kind: 'missing', problem: `${count(first)} lines before it are missing, and nothing says that the retention removed them` }],
    'a file gone from the middle': [() => { rmSync(join(folder, second)); }, { file: names[2] ?? '', line: 1, kind: 'missing', problem: `${count(second)} lines before it are missing` }],
    'the first lines gone': [() => { rewrite(folder, first, (lines) => lines.slice(2)); }, { file: first, line: 1, kind: 'missing', problem: '2 lines before it are missing' }],
    'the newest file gone': [() => { rmSync(join(folder, last)); }, { file: names.at(-2) ?? '', line: count(names.at(-2) ?? '') + 1, kind: 'truncated', problem: `${count(last)} lines at the end are missing` }],
    'the end cut off after a line': [cut(last, size(last) - lineLength(last, count(last) - 1)), { file: last, line: count(last), kind: 'truncated', problem: '1 line at the end is missing' }],
    'the end cut off in a line': [cut(last, size(last) - 10), { file: last, line: count(last), kind: 'truncated', problem: '1 line at the end is missing' }],
    'the last line end cut off': [cut(last, size(last) - 1), { file: last, line: count(last), kind: 'truncated', problem: '1 line at the end is missing' }],
    'every line gone': [() => { for (const name of names) rmSync(join(folder, name)); }, { file: HEAD_FILE, line: 1, kind: 'truncated', problem: `${linesTotal()} lines at the end are missing` }],
    'the head file gone': [() => { rmSync(join(folder, HEAD_FILE)); }, { file: HEAD_FILE, line: 1, kind: 'missing', problem: 'the head file is missing: lines at the end may be, too' }],
    'the head file cut off': [cut(HEAD_FILE, 80), { file: HEAD_FILE, line: 1, kind: 'altered', problem: 'the head file is damaged, or not signed with the key' }],
    'the head file with another count': [() => { writeFileSync(join(folder, HEAD_FILE), head.toString().replace(/"count":\d+/, '"count":3')); }, { file: HEAD_FILE, line: 1, kind: 'altered', problem: 'the head file is damaged, or not signed with the key' }],
  };
  function linesTotal(): number { return names.reduce((sum, name) => sum + count(name), 0); }

  for (const [name, [damage, bad]] of Object.entries(cases)) {
    damage();
    const { ok, firstBad } = await verify(folder);
    t.same(firstBad, bad, name);
    t.notOk(ok);
    putBack(folder, snapshot);
  }
  t.match(await verify(folder), { ok: true, files: names.length, lines: linesTotal(), unsignedLines: 0, firstBad: undefined });
});

t.test('any changed byte, and any removed, doubled or swapped line, is found and its place named', async (t) => {
  const { folder, names, snapshot } = await closedLog(t);
  const key = keyOf(folder);
  const places = names.flatMap((file) => rawLines(folder, file).map((text, index) => ({ file, line: index + 1, text })));
  const sameFile = (a: number, b: number): boolean => places[a]?.file === places[b]?.file;
  const write = (lines: readonly { file: string; text: string }[]): void => {
    for (const name of names) writeFileSync(join(folder, name), lines.filter(({ file }) => file === name).map(({ text }) => `${text}\n`).join(''));
  };
  const placeOf = (index: number): { file: string | undefined; line: number | undefined } => ({ file: places[index]?.file, line: places[index]?.line });
  const index = fc.nat({ max: places.length - 1 });

  async function isNamed(expected: readonly { file: string | undefined; line: number | undefined }[]): Promise<void> {
    const { ok, firstBad } = await verifyAudit({ folder, key }, nodeSpoolFiles);
    putBack(folder, snapshot);
    assert.equal(ok, false);
    assert.ok(expected.some(({ file, line }) => file === firstBad?.file && line === firstBad?.line), `${JSON.stringify(firstBad)} is none of ${JSON.stringify(expected)}`);
  }

  await fc.assert(fc.asyncProperty(index, fc.nat(), fc.integer({ min: 1, max: 255 }), async (at, offset, flip) => {
    const { file = '', line = 0, text = '' } = places[at] ?? {};
    const start = rawLines(folder, file).slice(0, line - 1).reduce((sum, before) => sum + Buffer.byteLength(before) + 1, 0);
    const bytes = readFileSync(join(folder, file));
    const changed = start + (offset % (Buffer.byteLength(text) + 1));
    bytes[changed] = (bytes[changed] ?? 0) ^ flip;
    writeFileSync(join(folder, file), bytes);
    await isNamed([{ file, line }]);
  }), { numRuns: 300 });

  await fc.assert(fc.asyncProperty(index, async (at) => {
    write(places.toSpliced(at, 1));
    const { file, line } = placeOf(at);
    // What follows stands in its place; after the last line of a file that is the next file.
    const isLastOfFile = !sameFile(at, at + 1) && at + 1 < places.length;
    await isNamed([isLastOfFile ? placeOf(at + 1) : { file, line }]);
  }), { numRuns: 60 });

  await fc.assert(fc.asyncProperty(index, index, async (from, to) => {
    const copy = places[from];
    const before = places[to];
    if (copy === undefined || before === undefined) return;
    write(places.toSpliced(to, 0, { ...copy, file: before.file }));
    // Before its own original it is the original that comes too late.
    const place = placeOf(to);
    await isNamed([to === from ? { ...place, line: (place.line ?? 0) + 1 } : place]);
  }), { numRuns: 100 });

  await fc.assert(fc.asyncProperty(index, index, async (a, b) => {
    const [low, high] = [Math.min(a, b), Math.max(a, b)];
    const [one, other] = [places[low], places[high]];
    if (one === undefined || other === undefined || low === high) return;
    write(places.with(low, { ...other, file: one.file }).with(high, { ...one, file: other.file }));
    await isNamed([placeOf(low)]);
  }), { numRuns: 100 });
});

t.test('an older head with a newer log is no damage, and says how many lines nothing signs', async (t) => {
  const folder = audit(t);
  const { log } = await open(t, folder);
  await log.outcome(OUTCOME);
  const older = readFileSync(join(folder, HEAD_FILE));
  for (let i = 0; i < 3; i++) await log.outcome(OUTCOME);
  await log.close();
  writeFileSync(join(folder, HEAD_FILE), older);
  t.match(await verify(folder), { ok: true, lines: 5, unsignedLines: 3 });
});

t.test('putting back log and head together is noticed only by who knows better: the log that is open', async (t) => {
  const folder = audit(t);
  const { log } = await open(t, folder);
  await log.outcome(OUTCOME);
  const older = take(folder);
  await log.outcome(OUTCOME);
  const knownHead = (): typeof log.head => log.head;
  const files = nodeSpoolFiles;
  const key = keyOf(folder);
  t.match(await verifyAudit({ folder, key, knownHead }, files), { ok: true });
  putBack(folder, older);
  t.match(await verifyAudit({ folder, key }, files), { ok: true, lines: 2 }, 'the copy alone looks whole');
  t.match(await verifyAudit({ folder, key, knownHead }, files), { ok: false, firstBad: { kind: 'truncated', line: 3, problem: '1 line at the end is missing' } });
});

t.test('lines that were added without the key are not signed, and explain nothing', async (t) => {
  const { folder, names, snapshot } = await closedLog(t);
  const last = names.at(-1) ?? '';
  appendFileSync(join(folder, last), `${forged(rawLines(folder, last).at(-1) ?? '', { action: 'removed', removed_lines: 1000 })}\n`);
  t.match(await verify(folder), { ok: true, unsignedLines: 1 });
  rmSync(join(folder, names[0] ?? ''));
  t.match(await verify(folder), { ok: false, firstBad: { file: names[1], line: 1, kind: 'missing' } }, 'nobody is fooled by a forged note of a removal');

  putBack(folder, snapshot);
  const { log } = await open(t, folder, { maxFileBytes: 2500 });
  await log.cleanup(0);
  await log.event('daemon', { event: 'x' });
  t.match(await verify(folder), { ok: true, unsignedLines: 0 });
});

t.test('opening a log notes what is not as it was left, for ever', async (t) => {
  const { folder, names, snapshot } = await closedLog(t);
  const last = names.at(-1) ?? '';
  const headPath = join(folder, HEAD_FILE);
  const cases: Record<string, [damage: () => void, found: readonly string[], after: { ok: boolean; firstBad?: { kind: string } }]> = {
    'nothing': [() => undefined, [], { ok: true }],
    'the end cut off': [() => { rewrite(folder, last, (lines) => lines.slice(0, -1)); }, ['lines_missing'], { ok: false, firstBad: { kind: 'missing' } }],
    'the newest file gone': [() => { rmSync(join(folder, last)); }, ['lines_missing'], { ok: false, firstBad: { kind: 'missing' } }],
    'the head file gone': [() => { rmSync(headPath); }, ['head_missing'], { ok: true }],
    'the head file damaged': [() => { writeFileSync(headPath, 'x'); }, ['head_missing'], { ok: true }],
    'a forged last line': [() => { rewrite(folder, last, (lines) => [...lines.slice(0, -1), forged(lines.at(-2) ?? '', { action: 'x' })]); }, ['lines_altered'], { ok: false, firstBad: { kind: 'altered' } }],
    'a forged last line and another one': [() => {
      rewrite(folder, last, (lines) => { const one = forged(lines.at(-2) ?? '', { action: 'x' }); return [...lines.slice(0, -1), one, forged(one, { action: 'y' })]; });
    }, ['lines_altered'], { ok: false, firstBad: { kind: 'altered' } }],
    'an added line': [() => { appendFileSync(join(folder, last), `${forged(rawLines(folder, last).at(-1) ?? '', { action: 'x' })}\n`); }, ['unsigned_lines'], { ok: true }],
    'everything gone but the key': [() => { for (const name of readdirSync(folder)) rmSync(join(folder, name)); }, ['log_missing'], { ok: true }],
  };
  for (const [name, [damage, found, after]] of Object.entries(cases)) {
    damage();
    const before = new Set(linesOf(folder).map((line) => line['audit_id']));
    const { log } = await open(t, folder);
    await log.outcome(OUTCOME);
    await log.close();
    const notes = linesOf(folder).filter((line) => line['kind'] === 'audit' && !before.has(line['audit_id'])).map((line) => line['action']);
    t.same(notes, found, name);
    t.match(await verify(folder), after, name);
    putBack(folder, snapshot);
  }
});

t.test('a file that vanishes while the log is verified is no damage when the log says why', async (t) => {
  const folder = audit(t);
  const { log, clock } = await open(t, folder);
  for (let day = 0; day < 4; day++) { await log.outcome(OUTCOME); await clock.advance(DAY); }
  const names = filesOf(folder);
  let reads = 0;
  const files: SpoolFiles = {
    ...nodeSpoolFiles,
    async open(path, mode) {
      // After the first file was read, the first two go.
      if (path.endsWith(names[1] ?? '') && reads++ === 0) await log.cleanup(1);
      return nodeSpoolFiles.open(path, mode);
    },
  };
  t.match(await verifyAudit({ folder, key: keyOf(folder) }, files), { ok: true });
  t.ok(filesOf(folder).length < names.length);
});

t.test('verifying beside a process that writes, rotates and cleans up never reports a problem', { timeout: 120_000 }, async (t) => {
  const folder = audit(t);
  const child = writingProcess(t, folder);
  await once(child.stdout, 'data');
  const key = keyOf(folder);
  const seen = new Set<string>();
  let checks = 0;
  // Until the log has been gone through several times over.
  while (seen.size < 60 || checks < 50) {
    const { ok, firstBad } = await verifyAudit({ folder, key }, nodeSpoolFiles);
    if (!ok) { t.fail(JSON.stringify(firstBad)); break; }
    for (const name of filesOf(folder)) seen.add(name);
    checks++;
  }
  child.stdin.end();
  const [code] = await once(child, 'exit') as [number | null];
  t.equal(code, 0);
  t.match(await verify(folder), { ok: true, unsignedLines: 0 });
});

t.test('a process that is killed again and again leaves a whole log', { timeout: 120_000 }, async (t) => {
  const folder = audit(t);
  for (let kill = 0; kill < 5; kill++) {
    const child = writingProcess(t, folder);
    await once(child.stdout, 'data');
    const before = filesOf(folder).at(-1);
    while (filesOf(folder).at(-1) === before) await new Promise((resolve) => setImmediate(resolve));
    child.kill('SIGKILL');
    await once(child, 'exit');
    t.match(await verify(folder), { ok: true });
  }
  const { log } = await open(t, folder);
  await log.outcome(OUTCOME);
  t.match(await verify(folder), { ok: true, unsignedLines: 0 });
  t.same(linesOf(folder).filter(({ action }) => action === 'head_missing' || action === 'lines_missing' || action === 'lines_altered'), []);
});

t.test('groups that fail and are taken back while the log is verified are no damage', async (t) => {
  const folder = audit(t);
  let turn = 0;
  const files: SpoolFiles = {
    ...nodeSpoolFiles,
    async open(path, mode) {
      const file = await nodeSpoolFiles.open(path, mode);
      if (!path.endsWith('.jsonl')) return file;
      return {
        ...file,
        async write(chunks, position) {
          if (++turn % 3 !== 0) return file.write(chunks, position);
          await file.write(chunks.map((chunk) => chunk.subarray(0, chunk.length - 30)), position);
          throw Object.assign(new Error('full'), { code: 'ENOSPC' });
        },
      };
    },
  };
  const { log } = await open(t, folder, { files, maxFileBytes: 50_000 });
  while (log.head.count === 0) await log.outcome(OUTCOME).catch(() => undefined);
  const key = keyOf(folder);
  let writing = true;
  const writer = (async () => {
    for (let i = 0; i < 150; i++) await Promise.allSettled(Array.from({ length: 20 }, (_, at) => log.outcome({ ...OUTCOME, errorMessage: 'x'.repeat((i * at) % 700) })));
    writing = false;
  })();
  while (writing) {
    const { ok, firstBad } = await verifyAudit({ folder, key }, nodeSpoolFiles);
    if (!ok) t.fail(JSON.stringify(firstBad));
  }
  await writer;
  t.match(await verify(folder), { ok: true });
});

t.test('what has the name of a file of the log and is none is damage', async (t) => {
  const folder = audit(t);
  const { log } = await open(t, folder, { maxFileBytes: 1000 });
  for (let n = 0; n < 6; n++) await log.outcome(OUTCOME);
  await log.close();
  const [, second = '', third = ''] = filesOf(folder);
  const bytes = readFileSync(join(folder, second));
  for (const put of [
    (path: string) => { mkdirSync(path); },
    (path: string) => { symlinkSync(join(folder, third), path); },
    (path: string) => { execFileSync('mkfifo', [path]); },
  ]) {
    rmSync(join(folder, second));
    put(join(folder, second));
    t.match(await verify(folder), { ok: false, firstBad: { file: second, line: 1, kind: 'altered', problem: 'it is no regular file' } });
    rmSync(join(folder, second), { recursive: true });
    writeFileSync(join(folder, second), bytes);
    await isIntact(t, folder);
  }
  rmSync(join(folder, 'mssp_audit.head'));
  mkdirSync(join(folder, 'mssp_audit.head'));
  t.match(await verify(folder), { ok: false });
});

t.test('a log that cannot be read is an error, and none is no damage', async (t) => {
  const folder = audit(t);
  mkdirSync(join(folder, 'mssp_audit_2026-01-30.jsonl'), { recursive: true });
  writeFileSync(auditKeyFile(folder), 'no key');
  const unreadable = { ...nodeSpoolFiles, open: () => Promise.reject(Object.assign(new Error('bad disk'), { code: 'EIO' })) };
  await t.rejects(verifyAudit({ folder, key: undefined }, unreadable), { code: 'EIO' });
  t.match(await verifyAudit({ folder: join(folder, 'none'), key: undefined }, nodeSpoolFiles), { ok: true, files: 0, lines: 0 });
  await t.rejects(verifyAudit({ folder, key: undefined, signal: AbortSignal.abort(new Error('gone')) }, nodeSpoolFiles), { message: 'gone' });
});
