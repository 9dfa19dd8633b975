import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { StateFile, StateStore } from '../../src/agents/state-file.js';
import { createStateFile, readState } from '../../src/agents/state-file.js';
import { jsonStore } from '../../src/platform/durable-file.js';
import { recordingLogger, silentLogger } from '../fixtures/logger.js';

interface HeldWrite { readonly text: string; succeed(): void; fail(code: string): void }

/** A store whose writes end when the test says so. */
function heldStore(): StateStore & { readonly writes: HeldWrite[] } {
  const writes: HeldWrite[] = [];
  return {
    writes,
    read: () => Promise.resolve(undefined),
    write: (parts) => new Promise((resolve, reject) => {
      writes.push({ text: [...parts].join(''), succeed: resolve, fail: (code) => { reject(Object.assign(new Error(`${code}: refused`), { code })); } });
    }),
    setAside: () => Promise.resolve('kept'),
  };
}

async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

function setup(): { file: StateFile; writes: HeldWrite[]; state: { value: number }; logger: ReturnType<typeof recordingLogger> } {
  const store = heldStore();
  const state = { value: 0 };
  const logger = recordingLogger();
  const file = createStateFile({ what: 'the record', store, logger, parts: () => [String(state.value)] });
  return { file, writes: store.writes, state, logger };
}

t.test('all that wait share one write, and none is told of a write that began before its change', async (t) => {
  const { file, writes, state } = setup();
  const done: string[] = [];
  const save = (name: string): void => { state.value++; void file.save().then(() => { done.push(name); }); };
  for (let i = 0; i < 1000; i++) save('first');
  await settle();
  t.same(writes.map(({ text }) => text), ['1000']);
  for (let i = 0; i < 1000; i++) save('second');
  await settle();
  t.equal(writes.length, 1, 'one at a time');
  t.same(done, []);
  writes[0]?.succeed();
  await settle();
  t.same([done.length, new Set(done)], [1000, new Set(['first'])]);
  t.same(writes.map(({ text }) => text), ['1000', '2000']);
  writes[1]?.succeed();
  await settle();
  t.equal(done.length, 2000);
  await file.close();
  t.equal(writes.length, 2, 'nothing is left to write');
});

t.test('what nobody waits for is written within 5 or 30 s, once for all of it', async (t) => {
  const { file, writes, state } = setup();
  let now = 1000;
  const ticks = async (seconds: number): Promise<void> => {
    for (let i = 0; i < seconds; i++) {
      now += 1000;
      file.tick(now);
      await settle();
      writes.at(-1)?.succeed();
      await settle();
    }
  };
  await ticks(100);
  t.equal(writes.length, 0, 'no change, no write');
  file.changed('later');
  await ticks(1);
  t.equal(writes.length, 1, 'after a long rest at once');
  for (let i = 0; i < 60; i++) { state.value = i; file.changed('later'); await ticks(1); }
  t.same(writes.map(({ text }) => text), ['0', '29', '59']);
  file.changed('later');
  file.changed('soon');
  file.changed('later');
  await ticks(4);
  t.equal(writes.length, 3);
  await ticks(1);
  t.equal(writes.length, 4);
  await ticks(100);
  t.equal(writes.length, 4);
});

t.test('a disk that refuses is logged once, said while it lasts, and tried again', async (t) => {
  const { file, writes, state, logger } = setup();
  state.value = 1;
  const refused = t.rejects(file.save(), { code: 'DISK_FULL', message: /^the record cannot be written; what changed holds.*\(ENOSPC\)$/ });
  await settle();
  writes[0]?.fail('ENOSPC');
  await refused;
  t.ok(file.failing);
  for (let second = 0; second <= 30; second++) {
    file.tick(second * 1000);
    await settle();
    writes.at(-1)?.fail('ENOSPC');
    await settle();
  }
  t.equal(writes.length, 7, 'every 5 s');
  t.equal(logger.lines.filter(({ level }) => level === 'error').length, 1);
  state.value = 2;
  file.tick(35_000);
  await settle();
  t.equal(writes.at(-1)?.text, '2');
  writes.at(-1)?.succeed();
  await settle();
  t.notOk(file.failing);
  t.match(logger.lines.at(-1), { level: 'info', message: 'the record is written again' });
});

t.test('closing writes what is unwritten, waits for what is under way, and gives up on a disk that refuses', async (t) => {
  const { file, writes, state } = setup();
  const saved = file.save();
  await settle();
  state.value = 5;
  file.changed('later');
  let closed = false;
  const closing = file.close().then(() => { closed = true; });
  await settle();
  t.notOk(closed);
  writes[0]?.succeed();
  await saved;
  await settle();
  t.equal(writes[1]?.text, '5');
  writes[1]?.fail('EROFS');
  await closing;
  t.ok(file.failing);
});

t.test('what is no JSON, or not what was written, is kept aside whole under a name of its own, and logged', async (t) => {
  const folder = t.testdir({ 'agents.json': '{"version":1,"agen', 'agents.json.damaged-1': 'older', 'agents.json.damaged-x': 'no number' });
  const path = join(folder, 'agents.json');
  const logger = recordingLogger();
  const parse = (json: unknown): { state: unknown; damaged: boolean } => ({ state: json ?? 'empty', damaged: json === 'half' });
  const read = (): Promise<unknown> => readState({ what: 'the registry', store: jsonStore(path), logger, parse });
  t.equal(await read(), 'empty');
  t.equal(readFileSync(`${path}.damaged-2`, 'utf8'), '{"version":1,"agen');
  t.equal(readFileSync(`${path}.damaged-1`, 'utf8'), 'older');
  t.match(logger.lines, [{ level: 'error', fields: { kept: /agents\.json\.damaged-2$/ }, message: /^the registry was damaged; the file is kept/ }]);
  t.notOk(existsSync(path));
  t.equal(await read(), 'empty', 'none is no damage');
  t.equal(logger.lines.length, 1);
  writeFileSync(path, '"half"');
  t.equal(await read(), 'half');
  t.equal(readFileSync(`${path}.damaged-3`, 'utf8'), '"half"');
  writeFileSync(path, '"whole"');
  t.equal(await read(), 'whole');
  t.same(readdirSync(folder).filter((name) => name.includes('damaged')).length, 4);
});

t.test('what can be neither read nor kept aside stops the start: nothing is emptied in silence', async (t) => {
  const parse = (): { state: undefined; damaged: boolean } => ({ state: undefined, damaged: true });
  const unreadable: StateStore = { ...heldStore(), read: () => Promise.reject(Object.assign(new Error('no'), { code: 'EIO' })) };
  await t.rejects(readState({ what: 'the registry', store: unreadable, logger: silentLogger, parse }), { code: 'STATE_UNWRITABLE', message: /EIO/ });
  const stuck: StateStore = { ...heldStore(), read: () => Promise.resolve({}), setAside: () => Promise.reject(Object.assign(new Error('no'), { code: 'EROFS' })) };
  await t.rejects(readState({ what: 'the registry', store: stuck, logger: silentLogger, parse }), { code: 'STATE_UNWRITABLE', message: /EROFS/ });
});

t.test('a folder or a pipe in place of the file hangs nothing: it is kept aside', async (t) => {
  const folder = t.testdir();
  const path = join(folder, 'agents.json');
  const parse = (json: unknown): { state: unknown; damaged: boolean } => ({ state: json, damaged: false });
  mkdirSync(path);
  t.equal(await readState({ what: 'the registry', store: jsonStore(path), logger: silentLogger, parse }), undefined);
  execFileSync('mkfifo', [path]);
  t.equal(await readState({ what: 'the registry', store: jsonStore(path), logger: silentLogger, parse }), undefined);
  t.same(readdirSync(folder).sort(), ['agents.json.damaged-1', 'agents.json.damaged-2']);
});

t.test('on disk: in parts, whole, for nobody else, and a link in its place is replaced', async (t) => {
  const folder = t.testdir({ victim: 'untouched' });
  const path = join(folder, 'agents.json');
  symlinkSync(join(folder, 'victim'), path);
  const file = createStateFile({ what: 'the registry', store: jsonStore(path), logger: silentLogger, parts: () => ['{"a":', '"é"', '}\n'] });
  await file.save();
  t.equal(readFileSync(path, 'utf8'), '{"a":"é"}\n');
  t.equal(statSync(path).mode & 0o777, 0o600);
  t.equal(readFileSync(join(folder, 'victim'), 'utf8'), 'untouched');
  t.same(readdirSync(folder).sort(), ['agents.json', 'victim']);
});
