import t from 'tap';
import { main } from '../../src/cli/main.js';
import type { Command } from '../../src/cli/command.js';
import type { Options } from '../../src/cli/command-line.js';
import { optionsOf, parserFor } from '../../src/cli/command-line.js';
import type { Group, Leaf } from '../../src/cli/tree.js';
import { ROOT } from '../../src/cli/tree.js';
import { capturedIo } from './captured-io.js';
import { fakeDaemon, raxed } from './fake-daemon.js';

const leaves = leavesOf(ROOT, []);

t.test('every command has a help with an example that is its own', async (t) => {
  t.ok(leaves.length > 50);
  for (const { path } of leaves) {
    const name = `raxed ${path.join(' ')}`;
    const { code, out, err } = await raxed([...path, '--help']);
    t.equal(code, 0, name);
    t.equal(err, '');
    t.ok(out.startsWith(name), `${name} begins with its name`);
    const examples = out.split('\nExamples:\n')[1] ?? '';
    t.match(examples, new RegExp(`^  (?!.*\\$0).*${name}`), `${name} has an example`);
    t.notOk(out.split('\n').some((line) => line.length > 110), `${name}: no line is too long`);
  }
});

t.test('every group lists its commands', async (t) => {
  for (const { path, group } of groupsOf(ROOT, [])) {
    const { code, out } = await raxed([...path, '--help']);
    t.equal(code, 0);
    for (const word of Object.keys(group.commands)) t.ok(out.includes(` ${['raxed', ...path, word].join(' ')} `), word);
  }
});

t.test('every command of ctl understands --socket, --json and --timeout; its --json is one document, whatever becomes of it', async (t) => {
  const { socket, calls } = await fakeDaemon(t, Object.fromEntries(leaves.filter(({ path }) => path[0] === 'ctl').map(({ path }) => [path.slice(1).join('.'), {}])));
  for (const { path, leaf } of leaves) {
    const command = await leaf.load();
    const options = optionsOf(command.build(parserFor('raxed', capturedIo())));
    t.ok([...options.values()].every(({ name }) => /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name)), `${path.join(' ')}: options are spelled with dashes`);
    if (path[0] !== 'ctl') continue;
    for (const name of ['socket', 'json', 'timeout']) t.ok(options.has(name), `${path.join(' ')} --${name}`);
    // It is for daemons that do not answer, and makes a file: test/e2e/bundle.test.ts.
    if (path[1] === 'bundle') continue;
    const line = [...path, ...wordsFor(command, path), ...optionsFor(options)];

    const absent = await raxed([...line, '--json', '--socket', '/nonexistent/s']);
    t.equal(absent.code, 5, `${line.join(' ')}: exit 5 when nobody answers: ${absent.err}`);
    t.match(JSON.parse(absent.out), { error: { code: 'DAEMON_UNREACHABLE' } });
    t.match(absent.err, /^raxed: DAEMON_UNREACHABLE: [^\n]+\.\n$/);

    if (path[1] === 'tail') continue;
    const before = calls.length;
    const answered = await raxed([...line, '--json', '--socket', socket]);
    t.ok([0, 4].includes(answered.code), `${line.join(' ')}: ${answered.err}`);
    t.equal(answered.err, '');
    t.equal(answered.out.split('\n').length, 2, 'one line');
    t.equal(typeof JSON.parse(answered.out), 'object');
    t.ok(calls.length > before, 'the method has the command\'s name');
    const shown = await raxed([...line, '--socket', socket]);
    t.notMatch(shown.err, /INTERNAL/, `${line.join(' ')}: an empty answer is no crash`);
  }
});

t.test('the guide\'s commands are there without ctl too', (t) => {
  const names = leaves.map(({ path }) => path.join(' '));
  for (const group of ['mssp', 'customer', 'agent', 'audit']) {
    const aliased = names.filter((name) => name.startsWith(`${group} `));
    t.ok(aliased.length >= 4);
    for (const name of aliased) t.ok(names.includes(`ctl ${name}`), name);
  }
  t.end();
});

t.test('a group without a command, and a command that does not exist, are said', async (t) => {
  for (const { path } of groupsOf(ROOT, []).filter((group) => group.path.length > 0)) {
    t.match(await raxed(path), { code: 2, err: new RegExp(`^raxed: USAGE: raxed ${path.join(' ')} needs a command: `) });
    t.match(await raxed([...path, 'constructor']), { code: 2, err: /has no such command/ });
  }
  t.equal(await main([], capturedIo()), 0);
});

function wordsFor({ positionals }: Command, path: readonly string[]): string[] {
  return path.at(-1) === 'scan' ? ['x'] : positionals.filter(({ required }) => required).map(() => 'x');
}

/** What a command cannot do without, and what keeps it from asking or going on. */
function optionsFor(options: Options): string[] {
  const required = [...options.values()].filter((option) => option.required).flatMap(({ name, isNumber, choices }) => [`--${name}`, choices?.[0] ?? (isNumber ? '1' : 'x')]);
  const optional = [['name', 'x'], ['webhook-secret', 'x'], ['force'], ['all'], ['count', '1']].filter(([name = '']) => options.has(name)).flatMap(([name = '', ...value]) => [`--${name}`, ...value]);
  return [...required, ...optional];
}

function leavesOf(group: Group, path: readonly string[]): { path: readonly string[]; leaf: Leaf }[] {
  return Object.entries(group.commands).flatMap(([word, node]) => ('commands' in node ? leavesOf(node, [...path, word]) : [{ path: [...path, word], leaf: node }]));
}

function groupsOf(group: Group, path: readonly string[]): { path: readonly string[]; group: Group }[] {
  return [{ path, group }, ...Object.entries(group.commands).flatMap(([word, node]) => ('commands' in node ? groupsOf(node, [...path, word]) : []))];
}
