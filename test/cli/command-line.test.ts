import t from 'tap';
import { bindValues, lookUp, optionsOf, parserFor } from '../../src/cli/command-line.js';
import { frame, paint, table } from '../../src/cli/render.js';
import { textWidth } from '../../src/cli/text-width.js';
import { capturedIo } from './captured-io.js';

const options = optionsOf(parserFor('raxed', capturedIo())
  .option('name', { type: 'string', requiresArg: true, demandOption: true })
  .option('port', { type: 'number', requiresArg: true })
  .option('tier', { choices: ['starter', 'professional', 'enterprise'], requiresArg: true })
  .option('splunk-index', { type: 'string', requiresArg: true, alias: 'index' })
  .option('tls', { type: 'boolean' }));

t.test('a value belongs to the option before it, whatever it begins with', (t) => {
  for (const [words, bound] of [
    [['--name', '-x', 'word'], ['--name=-x', 'word']],
    [['--name=--tls', '--tls'], ['--name=--tls', '--tls']],
    [['--name', '--unknown', '--name='], ['--name=--unknown', '--name=']],
    [['--name', '', '-'], ['--name=', '-']],
    [['--name', 'a=b\nc'], ['--name=a=b\nc']],
    [['--port', '-1', '--port=0.5'], ['--port=-1', '--port=0.5']],
    [['--index', 'i', '--splunkIndex', 'j', '--splunk-index', 'k'], ['--splunk-index=i', '--splunk-index=j', '--splunk-index=k']],
    [['--no-tls', '--tls=true', '--tier', 'starter', '-h'], ['--no-tls', '--tls=true', '--tier=starter', '-h']],
    [['a', '--', '--name', '-x'], ['a', '--', '--name', '-x']],
    [['', 'b c'], ['', 'b c']],
  ] as const) t.same(bindValues(words, options), bound, words.join(' '));
  t.equal(lookUp('no-name', options), undefined, 'only flags can be turned off');
  t.match([...options.values()].filter(({ required }) => required), [{ name: 'name' }]);
  t.end();
});

t.test('what is wrong is said without the value', (t) => {
  for (const [words, message] of [
    [['--nmae', 'CANARY'], /there is no option --nmae; did you mean --name\?/],
    [['--xyzzy=CANARY'], /there is no option --xyzzy; a text/],
    [['-q', 'CANARY'], /there is no option -q; /],
    [['-CANARY'], /there is no option of this name; a text that begins with a dash goes after --/],
    [['--CANARY!'], /there is no option of this name/],
    [['---'], /there is no option of this name/],
    [['--name'], /--name needs a value/],
    [['--name', '--tls'], /--name needs a value/],
    [['--name', '--tls=CANARY'], /--name needs a value/],
    [['--name', '--'], /--name needs a value/],
    [['--index', '-h'], /--splunk-index needs a value/],
    [['--port', 'CANARY'], /--port takes a number/],
    [['--port', ''], /--port takes a number/],
    [['--port', '1e9'], /--port takes a number/],
    [['--port', 'Infinity'], /--port takes a number/],
    [['--tier', 'CANARY'], /--tier takes starter, professional or enterprise/],
    [['--tls=CANARY'], /--tls takes no value/],
    [['--no-tls=CANARY'], /--tls takes no value/],
  ] as const) {
    try {
      bindValues(words, options);
      t.fail(words.join(' '));
    } catch (error) {
      t.match(error, { code: 'USAGE', message }, words.join(' '));
      t.notMatch(error, { message: /CANARY/ });
    }
  }
  t.end();
});

t.test('widths are those of a terminal', (t) => {
  for (const [text, width] of [
    ['', 0], ['plain', 5], ['é', 1], ['e\u0301', 1], ['Ωж', 2], ['漢字', 4], ['ｱ', 1], ['Ａ', 2], ['한글', 4], ['\u1112\u1161\u11ab', 2], ['🚀', 2], ['👩‍👩‍👧', 2], ['👍🏽', 2], ['❤️', 2], ['❤', 1], ['🇩🇪', 2],
    ['שלום', 4], ['a\u200bb', 2], ['✓ ● ◐ ○', 7], ['└──', 3], ['𝒳', 1], ['𠮷', 2], ['か\u3099', 2],
  ] as const) t.equal(textWidth(text), width, JSON.stringify(text));
  const style = paint(false);
  t.equal(table(['A', 'B'], [['漢字', '1'], ['🚀', '2']], style), 'A     B\n漢字  1\n🚀    2\n');
  t.equal(frame('T', [['Name', '漢字'], ['X', { text: 'abcdef', style: paint(true).good }]], style), 'T\n┌───────┬────────┐\n│ Field │ Value  │\n├───────┼────────┤\n│ Name  │ 漢字   │\n│ X     │ \u001b[32mabcdef\u001b[0m │\n└───────┴────────┘\n');
  t.end();
});
