import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import t from 'tap';
import { ERROR_CODES } from '../src/errors.js';

const source = resolve(import.meta.dirname, '../src');
const files = sourceFiles(source);

/** Which rooms a room may import from, beside `errors` and `ports`. `*`: the composing room and what starts it; `..`: package.json. */
const MAY_IMPORT: Readonly<Record<string, readonly string[] | '*'>> = {
  errors: [], ports: [], nearest: [], metrics: [], ulid: [], version: ['..'],
  config: ['nearest'], scanner: ['platform', 'model'], model: [], train: ['model'], spool: [], audit: [],
  tenants: ['config'],
  event: ['scanner'],
  outputs: ['event'],
  'siem-output': ['config', 'outputs'],
  delivery: ['spool', 'outputs', 'event'],
  agents: ['event'],
  platform: [],
  receiver: ['outputs'],
  control: ['scanner', 'event', 'nearest', 'metrics'],
  // Of config only where sockets are looked for and what a SIEM may be told; of outputs only what one is.
  client: ['control', 'config', 'nearest', 'pipeline', 'event', 'audit', 'spool', 'platform', 'ulid', 'version', 'outputs', 'siem-output'],
  doctor: ['config', 'tenants', 'outputs', 'siem-output', 'client', 'control', 'scanner', 'version'],
  library: ['client'],
  pipeline: ['scanner', 'event'],
  cli: '*', build: '*', packaging: '*', declarations: [], daemon: '*',
};

/** Files that decide and never touch the world: no clock, file system, network, process or timer. */
const PURE = [
  /^errors$/, /^ports$/, /^nearest$/, /^ulid$/, /^pipeline$/,
  /^config\/(schema|redact|address|changes|checks|collectors|format|json-text|limits|part|pointer|references|shape|tenant-names)$/, /^tenants\/(?!store$)/,
  /^scanner\/(?!builtin$|re2$|worker$).*/,
  /^model\//, /^train\/(?!main$|corpus$)/,
  /^event\//,
  /^spool\/record$/,
  /^outputs\/(answer|cef|flat-record|hec|output|proxy|signature|status|syslog-message)$/,
  /^delivery\/(breaker|gate|outcome|pace|refusals|retry|window)$/,
  /^audit\/(record|chain|walk|filter|file-name)$/,
  /^agents\/(counters|customer|registry|saved-state|warnings)$/,
  /^metrics\//,
  /^platform\/(log-fields|log-limit|recent-lines)$/,
  /^control\/(protocol|method|openapi|methods\/.*)$/,
  /^client\/(conversation|message-content|openai-messages)$/,
  /^daemon\/(detection-counts|judgement|metrics|rule-names|timed-files)$/,
  /^doctor\/(?!probes\/|examination$)/,
  /^packaging\/(changelog|copyright|man-commands|man-config|roff)$/,
  /^cli\/(render|text-width|tree|ctl\/(top-view|agent-tree)|bundle\/(readme|tar))$/,
];
const IMPURE_MODULES = /^node:(?!crypto$|path$|buffer$|zlib$|util$|url$|string_decoder$)/;
const IMPURE_GLOBALS = /(?<![.\w'"`-])(?:process\.|Date\.now\(|new Date\(\)|performance\.|set(?:Timeout|Interval|Immediate)\(|Math\.random\(|fetch\()/;

t.test('every room imports only from the rooms that it may know', (t) => {
  const known = new Set(Object.keys(MAY_IMPORT));
  for (const file of files) {
    const room = roomOf(file);
    t.ok(known.has(room), `${file} belongs to a known room`);
    const allowed = MAY_IMPORT[room];
    if (allowed === undefined || allowed === '*') continue;
    for (const target of relativeImports(file)) {
      const other = roomOf(target);
      const fine = other === room || other === 'errors' || other === 'ports' || allowed.includes(other);
      if (!fine) t.fail(`${file} must not import ${target}`);
    }
  }
  t.end();
});

t.test('pure files reach for no clock, file system, network, process or timer', (t) => {
  let seen = 0;
  for (const file of files.filter((name) => PURE.some((pattern) => pattern.test(name.replace(/\.ts$/, ''))))) {
    seen++;
    const text = withoutComments(read(file));
    for (const module of imports(text)) if (IMPURE_MODULES.test(module)) t.fail(`${file} imports ${module}`);
    const found = IMPURE_GLOBALS.exec(text);
    if (found !== null) t.fail(`${file} uses ${found[0]}`);
  }
  t.ok(seen >= 20, 'the patterns still name real files');
  t.end();
});

t.test('there are no barrels and no rooms for odds and ends', (t) => {
  for (const file of files) {
    t.notMatch(file, /(^|\/)(index|utils?|helpers?|manager|common|misc)\.ts$/, file);
  }
  t.end();
});

t.test('every error code says what to do in one sentence and stands in the README', (t) => {
  const readme = readFileSync(join(source, '../README.md'), 'utf8');
  for (const [code, { advice }] of Object.entries(ERROR_CODES)) {
    t.match(advice, /^[A-Z].*\.$/, `${code} has an advice`);
    t.ok(readme.includes(`\`${code}\``), `${code} stands in the README`);
  }
  t.end();
});

t.test('the checks above can fail', (t) => {
  t.match('const x = Date.now();', IMPURE_GLOBALS);
  t.match('setTimeout(() => {}, 1)', IMPURE_GLOBALS);
  t.notMatch('clock.sleep(1)', IMPURE_GLOBALS);
  t.match('node:fs', IMPURE_MODULES);
  t.notMatch('node:crypto', IMPURE_MODULES);
  t.equal(roomOf('delivery/loop.ts'), 'delivery');
  t.same(imports(`import { a } from '../x/y.js';\nconst z = await import("./q.js");`), ['../x/y.js', './q.js']);
  t.end();
});

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts')).sort();
}

function read(file: string): string {
  return readFileSync(join(source, file), 'utf8');
}

function roomOf(file: string): string {
  return file.split('/')[0]?.replace(/\.ts$/, '') ?? '';
}

function imports(text: string): string[] {
  return [...text.matchAll(/(?:\bfrom\s+|\bimport\(\s*)(['"])([^'"]+)\1/g)].map((found) => found[2] ?? '');
}

function relativeImports(file: string): string[] {
  return imports(withoutComments(read(file)))
    .filter((name) => name.startsWith('.'))
    .map((name) => relative(source, resolve(source, dirname(file), name)).replace(/\.js$/, '.ts'));
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}
