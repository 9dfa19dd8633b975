import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import t from 'tap';

const CANARY = 'canary-7f3a';
const source = resolve(import.meta.dirname, '../../src/platform');

/** What a process wrote and exited with that logs as a daemon does and then runs `program`. */
function outcomeOf(program: string): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', `
    import { createLogger } from '${source}/log.ts';
    import { nodeClock } from '${source}/node.ts';
    import { logUnforeseen } from '${source}/unforeseen.ts';
    const log = createLogger({ level: 'info', fd: 1, journal: true }, nodeClock);
    logUnforeseen(log, 4);
    for (let i = 0; i < 12; i++) log.info({}, 'again');
    ${program}
    setTimeout(() => undefined, 60_000);
  `], { encoding: 'utf8', env: { PATH: process.env['PATH'] } });
}

for (const [what, program, code] of [
  ['an exception', `setTimeout(() => { JSON.parse('${CANARY}'); }, 1);`, 'SyntaxError'],
  ['a rejection', `void Promise.reject(new TypeError('${CANARY}'));`, 'TypeError'],
  ['a rejection without an Error', `void Promise.reject('${CANARY}');`, 'not an Error'],
  ['an emitted error', `const { EventEmitter } = await import('node:events'); setImmediate(() => new EventEmitter().emit('error', Object.assign(new Error('${CANARY}'), { code: 'ERR_X', response: '${CANARY}' })));`, 'ERR_X'],
] as const) {
  t.test(`${what} that nobody caught ends the process with one critical line, which does not say what it was about`, (t) => {
    const { status, stdout, stderr } = outcomeOf(program);
    t.equal(status, 4);
    t.notMatch(stdout + stderr, CANARY);
    t.equal(stderr, '');
    const last = stdout.trimEnd().split('\n').slice(10);
    t.equal(last.length, 2);
    t.match(last[0], /^<2>/);
    t.match(JSON.parse(last[0]?.slice(3) ?? ''), { level: 'fatal', error: { code }, msg: 'an error that nobody foresaw: the process ends' });
    t.match(last[1], '"times":2', 'and what was held back is said');
    t.end();
  });
}

t.test('a warning by Node is a line of the log', (t) => {
  const { stdout, stderr } = outcomeOf('process.emitWarning("slow", { code: "RAXED_X" }); setImmediate(() => process.exit(0));');
  t.match(stdout, /^<4>.*"code":"RAXED_X".*"msg":"a warning by Node"/m);
  t.equal(stderr, '');
  t.end();
});
