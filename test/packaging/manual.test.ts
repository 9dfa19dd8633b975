import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { defineCommand } from '../../src/cli/command.js';
import type { Group, Leaf } from '../../src/cli/tree.js';
import { ROOT } from '../../src/cli/tree.js';
import { configKeys, siemKeys } from '../../src/config/reference.js';
import { ERROR_CODES } from '../../src/errors.js';
import { commandReferences } from '../../src/packaging/command-reference.js';
import { commandsPage } from '../../src/packaging/man-commands.js';
import { configPage } from '../../src/packaging/man-config.js';
import { manualPage } from '../../src/packaging/roff.js';

const title = { name: 'raxed', section: 1, describe: 'it scans', version: '1.2.3', at: Date.parse('2026-03-04') };
const hasMan = spawnSync('man', ['--version']).status === 0;
const example = readFileSync(new URL('../../systemd/debian/config.json', import.meta.url), 'utf8');

/** As a reader sees it, without bold; what man complains about beside it. */
function shown(t: Test, page: string): { text: string; warnings: string } {
  const file = join(t.testdir({}), 'page.1');
  writeFileSync(file, page);
  const { stdout, stderr } = spawnSync('man', ['--warnings', '-l', file], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8', MANWIDTH: '120', MAN_KEEP_FORMATTING: '' } });
  return { text: stdout.replace(/.\u0008/g, ''), warnings: stderr };
}

function leaves(group: Group, name = 'raxed'): (readonly [string, Leaf])[] {
  return Object.entries(group.commands).flatMap(([word, node]) => ('commands' in node ? leaves(node, `${name} ${word}`) : [[`${name} ${word}`, node] as const]));
}

t.test('what roff would take for its own stays text', (t) => {
  const page = manualPage(title, [{ heading: 'A "B"' }, { text: '.hidden and a\\b' }, { text: '\'quoted' }, { term: '--json', text: 'x-y ~/z' }, { code: 'raxed "a"\n  .b' }]);
  t.same(page.split('\n'), [
    '.TH "RAXED" "1" "2026\\-03\\-04" "raxed 1.2.3" "raxed"', '.nh', '.ad l', '.SH NAME', 'raxed \\- it scans',
    '.SH "A \\(dqB\\(dq"', '.PP', '\\&.hidden and a\\eb', '.PP', '\\(aqquoted', '.TP', '\\fB\\-\\-json\\fR', 'x\\-y \\(ti/z',
    '.PP', '.nf', '.RS 4', 'raxed "a"', '  .b', '.RE', '.fi', '',
  ]);
  t.end();
});

t.test('a command is told with its words, options, examples and other names', async (t) => {
  const leaf: Leaf = {
    describe: 'Do it',
    load: () => Promise.resolve(defineCommand({
      positionals: [{ name: 'file', required: true, describe: 'Which one' }, { name: 'more', required: false, many: true, describe: 'Others' }],
      examples: [['$0 a.json', 'does it']],
      build: (parser) => parser
        .option('count', { alias: 'n', type: 'number', requiresArg: true, default: 3, describe: 'How often' })
        .option('mode', { choices: ['a', 'b'], requiresArg: true, demandOption: true, describe: 'In what way' })
        .option('force', { type: 'boolean', describe: 'Without asking' }),
      run: () => Promise.resolve(0),
    })),
  };
  const references = await commandReferences({ describe: 'all', commands: { one: { describe: 'a group', commands: { two: leaf } }, two: leaf } });
  t.same(references.map(({ name, aliases }) => [name, aliases]), [['raxed one two', ['raxed two']]]);
  t.same(references[0]?.options, [
    { names: ['--count', '-n'], value: 'NUMBER', required: false, describe: 'How often', byDefault: 3 },
    { names: ['--mode'], value: 'a|b', required: true, describe: 'In what way', byDefault: undefined },
    { names: ['--force'], value: undefined, required: false, describe: 'Without asking', byDefault: undefined },
  ]);
  const page = commandsPage(references, title);
  for (const part of ['.SS "raxed one two FILE [MORE...]"', 'Do it. Also: raxed two.', '\\fB\\-\\-count, \\-n NUMBER\\fR\nHow often (default 3).', 'In what way (required).', 'raxed one two a.json']) t.ok(page.includes(part), part);
});

t.test('raxed(1) has every command, every option and every error code', async (t) => {
  const references = await commandReferences(ROOT);
  const page = commandsPage(references, title).replaceAll('\\-', '-');
  for (const [name] of leaves(ROOT)) t.ok(references.some((each) => [each.name, ...each.aliases].includes(name)) && page.includes(name), name);
  for (const { name, options } of references) for (const option of options) t.ok(page.includes(`\\fB${option.names.join(', ')}`), `${name} ${option.names.join(', ')}`);
  for (const code of Object.keys(ERROR_CODES)) t.ok(page.includes(code), code);
  for (const { describe, name, options } of references) {
    t.match(describe, /\w/, name);
    for (const option of options) t.match(option.describe, /\w/, `${name} ${option.names[0] ?? ''} is described`);
  }
});

t.test('raxed-config(5) has every key with its default', (t) => {
  const page = configPage({ keys: configKeys(), siemKeys: siemKeys(), example }, { ...title, name: 'raxed-config', section: 5 });
  for (const { path } of [...configKeys(), ...siemKeys()]) t.ok(page.includes(`\\fB${path.replaceAll('-', '\\-')}\\fR`), path);
  t.match(page, 'Default: 1073741824.');
  t.match(page, 'Required.');
  t.end();
});

t.test('man shows both pages and complains about nothing', { skip: hasMan ? false : 'man is not installed' }, async (t) => {
  const pages = [commandsPage(await commandReferences(ROOT), title), configPage({ keys: configKeys(), siemKeys: siemKeys(), example }, title)];
  for (const page of pages) {
    const { text, warnings } = shown(t, page);
    t.equal(warnings, '');
    t.match(text, /^NAME\n +raxed - it scans$/m);
  }
});
