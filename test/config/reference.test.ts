import { readFileSync } from 'node:fs';
import t from 'tap';
import type { ConfigKey, SiemKey } from '../../src/config/reference.js';
import { configKeys, siemKeys } from '../../src/config/reference.js';

const exampleText = readFileSync(new URL('../../config.example.json', import.meta.url), 'utf8');
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

const cells = (...values: string[]): string => `| ${values.map((value) => value.replaceAll('|', '\\|')).join(' | ')} |`;
const defaultCell = ({ byDefault }: ConfigKey): string => {
  if (byDefault === undefined) return '**required**';
  return /^["\d[]|^(null|true|false)$/.test(byDefault) ? `\`${byDefault}\`` : byDefault;
};
const keyRow = (key: ConfigKey): string => cells(`\`${key.path}\``, key.values, defaultCell(key), key.meaning);
const siemRow = (key: SiemKey): string => cells(`\`${key.path}\``, key.types.length === 5 ? 'all' : key.types.join(', '), key.values, defaultCell(key), key.meaning);

/** The paths of a JSON document as `configKeys` writes them. */
function pathsOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => pathsOf(item, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, path === '' ? key : `${path}.${key}`));
}

t.test('every key says what it takes and what it means', (t) => {
  for (const { path, values, meaning } of [...configKeys(), ...siemKeys()]) {
    t.match(values, /\w/, `${path} takes something`);
    t.match(meaning, /[\w)]\.$/, `${path} has a meaning, in sentences`);
  }
  t.end();
});

t.test('no key of the example is missing', (t) => {
  const known = new Set([...configKeys(), ...siemKeys().map(({ path, ...key }) => ({ ...key, path: `mssps[].customers[].siem[].${path}` }))].map(({ path }) => path));
  const secret = /\.(file|env|credential)$/;
  const missing = pathsOf(JSON.parse(exampleText)).filter((path) => {
    const place = path.replace(/(\[\])+$/, '').replace('customers[].webhook.', 'webhook.').replace(/^scanner\.(suppressions\[\]|l2\.threshold)\./, 'mssps[].customers[].$1.');
    return !known.has(place) && !secret.test(place);
  });
  t.same(missing, []);
  t.end();
});

t.test('the README lists every key with its default, and no other', (t) => {
  const rows = (heading: string): string[] => {
    const section = readme.slice(readme.indexOf(`\n${heading}\n`)).split(/\n#+ /)[1] ?? '';
    return section.split('\n').filter((line) => line.startsWith('| `'));
  };
  t.same(rows('### Every key'), configKeys().map(keyRow));
  t.same(rows('### Every key of a SIEM'), siemKeys().map(siemRow));
  t.end();
});
