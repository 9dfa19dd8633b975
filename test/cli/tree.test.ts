import t from 'tap';
import { main } from '../../src/cli/main.js';
import type { Command } from '../../src/cli/command.js';
import { optionsOf, parserFor } from '../../src/cli/command-line.js';
import type { Group, Leaf } from '../../src/cli/tree.js';
import { ROOT } from '../../src/cli/tree.js';
import { capturedIo } from './captured-io.js';
import { raxed } from './fake-daemon.js';

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

t.test('every command that talks to the daemon understands --socket, --json and --timeout, and fails as a script expects', async (t) => {
  for (const { path, command } of await loaded()) {
    const options = optionsOf(command.build(parserFor('raxed', capturedIo())));
    if (path[0] === 'ctl') for (const name of ['socket', 'json', 'timeout']) t.ok(options.has(name), `${path.join(' ')} --${name}`);
    t.ok([...options.values()].every(({ name }) => /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name)), `${path.join(' ')}: options are spelled with dashes`);
    if (path[0] !== 'ctl') continue;
    const required = [...options.values()].filter((option) => option.required).flatMap(({ name, isNumber, choices }) => [`--${name}`, choices?.[0] ?? (isNumber ? '1' : 'x')]);
    const secret = options.has('webhook-secret') && options.has('webhook-url') ? ['--webhook-secret', 'x'] : [];
    const words = command.positionals.filter((positional) => positional.required).map(() => 'x');
    const all = options.has('all') ? ['--all'] : [];
    const { code, out, err } = await raxed([...path, ...words.length === 0 && path.at(-1) === 'scan' ? ['x'] : words, ...required, ...secret, ...all, '--json', '--socket', '/nonexistent/s']);
    t.equal(code, 5, `${path.join(' ')}: exit 5 when nobody answers: ${err}`);
    t.match(JSON.parse(out), { error: { code: 'DAEMON_UNREACHABLE' } });
    t.match(err, /^raxed: DAEMON_UNREACHABLE: [^\n]+\.\n$/);
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

async function loaded(): Promise<{ path: readonly string[]; command: Command }[]> {
  return Promise.all(leaves.map(async ({ path, leaf }) => ({ path, command: await leaf.load() })));
}

function leavesOf(group: Group, path: readonly string[]): { path: readonly string[]; leaf: Leaf }[] {
  return Object.entries(group.commands).flatMap(([word, node]) => ('commands' in node ? leavesOf(node, [...path, word]) : [{ path: [...path, word], leaf: node }]));
}

function groupsOf(group: Group, path: readonly string[]): { path: readonly string[]; group: Group }[] {
  return [{ path, group }, ...Object.entries(group.commands).flatMap(([word, node]) => ('commands' in node ? groupsOf(node, [...path, word]) : []))];
}
