import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import t from 'tap';
import { shortFolder } from '../fixtures/short-folder.js';
import { capturedIo } from './captured-io.js';
import type { FakeDaemon } from './fake-daemon.js';
import { fakeDaemon, raxed } from './fake-daemon.js';

type Test = Parameters<typeof fakeDaemon>[0];

function daemon(t: Test, answers: Parameters<typeof fakeDaemon>[1] = {}): Promise<FakeDaemon> {
  return fakeDaemon(t, {
    'mssp.list': { mssps: [{ id: 'mssp_b' }, { id: 'mssp_a' }] },
    'customer.list': (params) => ({ customers: params['mssp'] === 'mssp_a' ? [{ id: 'cust_acme' }, { id: 'cust_b' }] : [] }),
    'customer.show': (params) => ({ siem: params['id'] === 'cust_acme' ? [{ name: 'soc-syslog' }, { name: 'splunk' }] : [] }),
    'agent.list': (params) => ({ agents: [{ agent_id: 'agent_1' }, ...(params['customer'] === undefined ? [{ agent_id: 'agent_2' }] : [])] }),
    ...answers,
  });
}

async function complete(words: readonly string[], socket = '/nonexistent'): Promise<string[]> {
  const { code, out, err } = await raxed(['__complete', ...words], capturedIo({ env: { RAXED_SOCKET: socket } }));
  t.equal(code, 0);
  t.equal(err, '', 'never a word on standard error');
  return out.split('\n').slice(0, -1);
}

t.test('commands, options and their words are completed without a daemon', async (t) => {
  for (const [words, candidates] of [
    [['mss'], ['mssp']],
    [['ctl', 'customer', 'siem', ''], ['configure', 'disable', 'show', 'test']],
    [['ctl', '--socket', '/x', '--json', 'mssp', 'rot'], ['rotate-secret']],
    [['--ver'], ['--version']], [['ctl', '-'], ['--help']],
    [['ctl', '--socket', ''], [':path']], [['ctl', '--timeout', ''], []],
    [['nonsense', 'mssp', ''], []], [['constructor', ''], []],
    [['mssp', 'create', '--ti'], ['--tier', '--timeout']],
    [['mssp', 'create', '--tier', ''], ['enterprise', 'professional', 'starter']],
    [['mssp', 'create', '--tier', 'pro'], ['professional']],
    [['mssp', 'create', '--tier=pro'], ['--tier=professional']],
    [['mssp', 'create', '--tier', '=', 'pro'], ['professional']],
    [['mssp', 'create', '--tier', '='], ['enterprise', 'professional', 'starter']],
    [['mssp', 'create', '--tier', 'starter', '--ti'], ['--timeout']],
    [['mssp', 'create', '--tls='], []], [['mssp', 'create', '--nonsense='], []],
    [['mssp', 'create', '--name', ''], []],
    [['mssp', 'create', '--name', 'x', ''], ['--id', '--webhook-url']],
    [['mssp', 'create', '--webhook-secret-file', ''], [':path']],
    [['customer', 'siem', 'configure', 'c', '--ca-file='], [':path']],
    [['customer', 'siem', 'configure', 'c', '--framing', ''], ['lf', 'octet-counting']],
    [['config', 'check', ''], [':path']], [['rules', 'check', 'a', 'b', ''], [':path']],
    [['completion', ''], ['bash', 'zsh']],
    [['scan', ''], []], [['scan', '--', '--f'], []], [['scan', '--fi'], ['--file']],
    [['mssp', 'show', 'x', '--js'], ['--json']],
    [['ctl', 'health', '--'], ['--help', '--json', '--socket', '--timeout']],
  ] as const) t.same(await complete(words), candidates, words.join(' '));
  t.ok((await complete([])).includes('ctl'), 'nothing yet: the commands');
  t.notOk((await complete(['_'])).includes('__complete'), 'the question itself is no command for people');
});

t.test('ids come from the running daemon', async (t) => {
  const { socket, calls } = await daemon(t);
  for (const [words, candidates] of [
    [['mssp', 'show', ''], ['mssp_a', 'mssp_b']],
    [['mssp', 'delete', '--force', 'mssp_b'], ['mssp_b']],
    [['customer', 'list', '--mssp', ''], ['mssp_a', 'mssp_b']],
    [['customer', 'list', '--mssp=mssp_a'], ['--mssp=mssp_a']],
    [['customer', 'list', '--mssp', '=', 'mssp_'], ['mssp_a', 'mssp_b']],
    [['customer', 'show', '--mssp', 'mssp_a', ''], ['cust_acme', 'cust_b']],
    [['customer', 'show', '--mssp=mssp_a', 'cust_a'], ['cust_acme']],
    [['customer', 'show', '--mssp', '=', 'mssp_a', 'cust_a'], ['cust_acme']],
    [['customer', 'show', '--mssp', 'mssp_b', ''], []],
    [['customer', 'show', ''], ['--mssp']],
    [['ctl', 'customer', 'siem', 'disable', 'cust_acme', '--mssp', 'mssp_a', '--name', ''], ['soc-syslog', 'splunk']],
    [['customer', 'siem', 'test', '--mssp', 'mssp_a', 'cust_acme', '--name', 'so'], ['soc-syslog']],
    [['agent', 'list', '--mssp', 'mssp_a', '--customer', ''], ['cust_acme', 'cust_b']],
    [['agent', 'status', ''], ['agent_1', 'agent_2']],
    [['agent', 'status', '--mssp', 'mssp_a', '--customer', 'cust_acme', ''], ['agent_1']],
    [['scan', '--mssp', 'mssp_a', '--customer', 'cust_b'], ['cust_b']],
  ] as const) t.same(await complete(words, socket), candidates, words.join(' '));
  t.ok(calls.every(({ method }) => /\.(?:list|show)$/.test(method)), 'completion only reads');
  t.same(await complete(['mssp', 'show', '--socket', socket, '']), ['mssp_a', 'mssp_b'], 'of the daemon that the line names');
});

t.test('a daemon that is silent, refuses or lies spoils nothing', async (t) => {
  const path = join(shortFolder(t), 's');
  const silent = createServer((socket) => { socket.on('error', () => undefined); });
  silent.listen(path);
  await once(silent, 'listening');
  t.teardown(() => { silent.close(); });
  const began = performance.now();
  t.same(await complete(['mssp', 'show', ''], path), []);
  t.ok(performance.now() - began < 5000, 'it is not waited for');
  t.same(await complete(['mssp', 'show', ''], `${path}.absent`), []);
  const evil = await daemon(t, { 'mssp.list': { mssps: [{ id: '$(touch x)' }, { id: 'a b' }, { id: '\u001b[2J' }, { id: ':path' }, { id: 5 }, null, { id: '-x' }, { id: 'fine' }] }, 'agent.list': { agents: 'none' } });
  t.same(await complete(['mssp', 'show', ''], evil.socket), ['fine'], 'only what a shell can insert as it is');
  t.same(await complete(['agent', 'status', ''], evil.socket), []);
});

t.test('raxed completion prints a script for bash or zsh', async (t) => {
  t.match(await raxed(['completion', 'bash']), { code: 0, out: /complete -F _raxed raxed\n$/ });
  t.match(await raxed(['completion', 'zsh']), { code: 0, out: /^#compdef raxed\n/ });
  t.match(await raxed(['completion', 'fish']), { code: 2, err: /USAGE: give bash or zsh/ });
  t.match(await raxed(['completion']), { code: 2, err: /USAGE: give <shell>/ });
});

/** A folder for PATH with `raxed`, made from its sources, and both scripts. */
async function program(t: Test): Promise<string> {
  const folder = join(shortFolder(t), 'a bin');
  mkdirSync(folder);
  const root = join(import.meta.dirname, '../..');
  writeFileSync(join(folder, 'start.mjs'), `import { start } from ${JSON.stringify(join(root, 'src/cli/main.ts'))};\nawait start();\n`);
  writeFileSync(join(folder, 'raxed'), `#!/bin/sh\nexec '${process.execPath}' --import '${import.meta.resolve('tsx')}' '${join(folder, 'start.mjs')}' "$@"\n`);
  chmodSync(join(folder, 'raxed'), 0o755);
  for (const shell of ['bash', 'zsh']) writeFileSync(join(folder, `completion.${shell}`), (await raxed(['completion', shell])).out);
  return folder;
}

/** The candidates that a shell's script answers; the test's own daemon must be able to answer meanwhile. */
function run(shell: string, script: string, env: Record<string, string>): Promise<string[]> {
  return new Promise((resolve, reject) => {
    execFile(shell, shell.endsWith('zsh') ? ['-f', '-c', script] : ['--norc', '-c', script], { env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      if (error !== null || stderr !== '') reject(new Error(`${error?.message ?? ''}${stderr}`));
      else resolve(stdout.split('\n').slice(0, -1));
    });
  });
}

const LINES: readonly (readonly [words: readonly string[], candidates: readonly string[]])[] = [
  [['mssp', 'show', 'mssp_'], ['mssp_a', 'mssp_b']],
  [['customer', 'show', '--mssp', 'mssp_a', ''], ['cust_acme', 'cust_b']],
  [['mssp', 'create', '--tier', 's'], ['starter']],
  [['mssp', 'create', '--name', 'two words; $(false) `false`', '--webhook-u'], ['--webhook-url']],
  [['scan', 'xyzzy'], []],
];
const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(' ');

t.test('bash completes with the printed script', async (t) => {
  const { socket } = await daemon(t);
  const path = await program(t);
  const env = { SCRIPTS: path, PATH: `${path}:${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`, RAXED_SOCKET: socket };
  for (const [words, candidates] of [...LINES, [['mssp', 'create', '--tier', '=', 'pro'], ['professional']] as const]) {
    const script = `source "$SCRIPTS/completion.bash"; complete -p raxed >/dev/null; COMP_WORDS=(raxed ${quoted(words)}); COMP_CWORD=${words.length}; _raxed; [[ \${#COMPREPLY[@]} == 0 ]] || printf '%s\\n' "\${COMPREPLY[@]}"`;
    t.same(await run('bash', script, env), candidates, words.join(' '));
  }
  const files = 'source "$SCRIPTS/completion.bash"; compopt() { printf "%s\\n" "$*"; }; COMP_WORDS=(raxed config check \'\'); COMP_CWORD=3; _raxed; echo "${#COMPREPLY[@]}"';
  t.same(await run('bash', files, env), ['-o default', '0'], 'paths are left to bash');
  const elsewhere = `source "$SCRIPTS/completion.bash"; COMP_WORDS=(/absent/raxed ms); COMP_CWORD=1; _raxed; printf '%s\\n' "\${COMPREPLY[@]}"`;
  t.same(await run('bash', elsewhere, env), ['mssp'], 'a program that is not found by the word that is typed is found in PATH');
});

const zsh = process.env['RAXED_TEST_ZSH'] ?? 'zsh';
const noZsh = spawnSync(zsh, ['-f', '-c', 'true']).status !== 0 && 'zsh is not installed here';

t.test('zsh completes with the printed script', { skip: noZsh }, async (t) => {
  const { socket } = await daemon(t);
  const path = await program(t);
  const env = { SCRIPTS: path, PATH: `${path}:${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`, RAXED_SOCKET: socket };
  // Outside of its line editor zsh has no completion system: what the script hands to it is what is looked at.
  const stubs = 'compdef() { : }; compadd() { [[ $1 == -- ]] && shift; print -rl -- "$@" }; _files() { print FILES };';
  for (const [words, candidates] of [...LINES, [['mssp', 'create', '--tier=pro'], ['--tier=professional']] as const, [['config', 'check', ''], ['FILES']] as const]) {
    t.same(await run(zsh, `${stubs} source "$SCRIPTS/completion.zsh"; words=(raxed ${quoted(words)}); CURRENT=${words.length + 1}; _raxed`, env), candidates, words.join(' '));
  }
});

t.test('the scripts are sound for their shells', async (t) => {
  const script = (await raxed(['completion', 'bash'])).out;
  t.equal(execFileSync('bash', ['-n'], { input: script, encoding: 'utf8' }), '');
});
