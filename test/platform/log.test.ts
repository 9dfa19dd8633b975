import { spawnSync } from 'node:child_process';
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { isJournal } from '../../src/platform/journal.js';
import { createLineWriter } from '../../src/platform/line-writer.js';
import type { ProcessLog } from '../../src/platform/log.js';
import { createLogger } from '../../src/platform/log.js';
import type { ManualClock } from '../fixtures/clock.js';
import { manualClock } from '../fixtures/clock.js';

interface Logged { log: ProcessLog; clock: ManualClock; text(): string; lines(): Record<string, unknown>[] }

function logged(t: Test, { journal = false, level = 'info' as const } = {}): Logged {
  const file = join(t.testdir({}), 'log');
  const fd = openSync(file, 'a');
  t.teardown(() => { closeSync(fd); });
  const clock = manualClock(Date.parse('2026-01-30T10:30:00.000Z'));
  const text = (): string => readFileSync(file, 'utf8');
  return { log: createLogger({ level, fd, journal }, clock), clock, text, lines: () => text().trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>) };
}

t.test('a line is JSON with level, time, fields and message, and is written when the call returns', (t) => {
  const { log, text } = logged(t);
  log.info({ destination: 'webhook', count: 3, token: 'x' }, 'ready');
  t.equal(text(), '{"level":"info","time":"2026-01-30T10:30:00.000Z","destination":"webhook","count":3,"token":"[redacted]","msg":"ready"}\n');
  t.same(log.recent(), [text().trimEnd()]);
  t.end();
});

t.test('in the journal each line carries its priority and no time, which the newest lines in memory have', (t) => {
  const { log, text } = logged(t, { journal: true });
  log.setLevel('debug');
  log.debug({}, 'd');
  log.info({}, 'i');
  log.warn({}, 'w');
  log.error({}, 'e');
  log.fatal({}, 'f');
  t.equal(text(), '<7>{"level":"debug","msg":"d"}\n<6>{"level":"info","msg":"i"}\n<4>{"level":"warn","msg":"w"}\n<3>{"level":"error","msg":"e"}\n<2>{"level":"fatal","msg":"f"}\n');
  t.equal(log.recent()[1], '{"level":"info","time":"2026-01-30T10:30:00.000Z","msg":"i"}');
  t.end();
});

t.test('what is below the level is neither written nor kept', (t) => {
  const { log, text } = logged(t);
  log.debug({}, 'd');
  log.setLevel('error');
  log.warn({}, 'w');
  log.flush();
  t.equal(text(), '');
  t.same(log.recent(), []);
  t.end();
});

t.test('a line is one line, and nothing in it is obeyed by a terminal', (t) => {
  const { log, text, lines } = logged(t);
  const odd = 'a\n\r\u0000\u001b[31m\u007f\u0085\u009b\u2028\u2029\u202e\u2066\ufeff\ud800"\\z';
  log.info({ [odd]: odd }, `${odd}…`);
  t.match(text(), /^[\u0020-\u007e…]+\n$/);
  t.same(lines().map(({ msg }) => msg), [`${odd}…`]);
  t.same(lines()[0]?.[odd], odd);
  t.end();
});

t.test('what repeats itself is written ten times, then counted, and the count is said at the end of its 30 seconds', async (t) => {
  const { log, clock, lines } = logged(t);
  for (let i = 0; i < 1000; i++) log.error({ mssp_id: 'm', destination: 'webhook', attempt: i }, 'down');
  log.error({ mssp_id: 'm', destination: 'siem' }, 'down');
  t.equal(lines().length, 11);
  await clock.advance(29_000);
  log.error({ mssp_id: 'm', destination: 'webhook' }, 'down');
  t.equal(lines().length, 11);
  await clock.advance(1000);
  t.match(lines().slice(11), [{ level: 'error', mssp_id: 'm', destination: 'webhook', times: 991, msg: 'down: said 991 more times' }]);
  t.equal(clock.sleepers, 0, 'nothing is waited for when nothing is held back');
  log.error({ mssp_id: 'm', destination: 'webhook' }, 'down');
  t.equal(lines().length, 13, 'then it is written again');
});

t.test('at the end what was held back is said', (t) => {
  const { log, lines } = logged(t);
  for (let i = 0; i < 12; i++) log.warn({}, 'down');
  log.flush();
  t.match(lines().at(-1), { level: 'warn', times: 2, msg: 'down: said 2 more times' });
  t.end();
});

t.test('a reader that stands still neither stops the process nor tears a line, and what it missed is counted', async (t) => {
  const path = join(t.testdir({}), 'pipe');
  spawnSync('mkfifo', [path]);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  t.teardown(() => { closeSync(fd); });
  const clock = manualClock();
  const writer = createLineWriter({ fd, maxWaiting: 10_000, onLost: (count) => `lost ${count}\n` }, clock);
  const line = (i: number): string => `${String(i).padStart(998, '.')}\n`;
  const total = 200;
  for (let i = 0; i < total; i++) writer.write(line(i));
  let read = '';
  const buffer = Buffer.alloc(1 << 20);
  const take = (): void => { read += buffer.toString('utf8', 0, readSync(fd, buffer)); };
  take();
  await clock.advance(100);
  t.equal(clock.sleepers, 0);
  take();
  t.match(read, /\nlost \d+\n$/, 'as soon as there is room, also when nothing more is said');
  writer.write('last\n');
  take();
  const lines = read.trimEnd().split('\n');
  const whole = lines.filter((found) => found.length === 998);
  t.same(whole, Array.from({ length: whole.length }, (_, i) => line(i).trimEnd()));
  t.same(lines.slice(whole.length), [`lost ${total - whole.length}`, 'last']);
});

t.test('a log that cannot be written stops nothing', (t) => {
  const clock = manualClock();
  const fd = openSync('/dev/full', 'w');
  const log = createLogger({ level: 'info', fd, journal: false }, clock);
  t.teardown(() => { closeSync(fd); });
  log.info({}, 'ready');
  log.flush();
  t.equal(log.recent().length, 1, 'it can still be had from memory');
  t.end();
});

t.test('the journal is recognised by its device and inode, not by a variable that was passed on', (t) => {
  const fd = openSync(join(t.testdir({}), 'file'), 'w');
  t.teardown(() => { closeSync(fd); });
  const { dev, ino } = fstatSync(fd, { bigint: true });
  t.ok(isJournal(fd, { JOURNAL_STREAM: `${dev}:${ino}` }));
  for (const stream of [undefined, '', `${dev}`, `${dev}:${ino + 1n}`, `${dev + 1n}:${ino}`, `${dev}:${ino}:`, '8:1']) t.notOk(isJournal(fd, { JOURNAL_STREAM: stream }), String(stream));
  t.notOk(isJournal(999_999, { JOURNAL_STREAM: `${dev}:${ino}` }), 'nor is what is not open');
  t.end();
});
