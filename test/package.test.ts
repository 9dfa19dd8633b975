import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import ts from 'typescript';
import { startSplunk } from './fixtures/splunk-hec.js';

/** The package as a user gets it: packed, unpacked into another project, with nothing else installed there. */

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '..');
const project = mkdtempSync(join(tmpdir(), 'rx-package-'));
t.teardown(() => { rmSync(project, { recursive: true, force: true }); });
const installed = join(project, 'node_modules/raxed');
mkdirSync(installed, { recursive: true });
await run('npm', ['pack', '--ignore-scripts', '--offline', '--pack-destination', project], { cwd: root });
const packed = readdirSync(project).find((name) => name.endsWith('.tgz')) ?? '';
await run('tar', ['-xzf', join(project, packed), '-C', installed, '--strip-components=1']);

interface Manifest { readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>; readonly types: string; readonly version: string }
const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Manifest;
const entries = Object.entries(manifest.exports).flatMap(([path, target]) => (typeof target === 'string' ? [] : [{ name: path.replace('.', 'raxed'), ...target }]));

/** What a program in the user's project writes on its standard output. */
async function output(type: 'module' | 'commonjs', program: string): Promise<string> {
  const { stdout, stderr } = await run(process.execPath, [`--input-type=${type}`, '-e', program], { cwd: project, env: { PATH: process.env['PATH'] }, timeout: 60_000 });
  return stdout + stderr;
}

/** A bundled file and all that is loaded with it. */
function loadedWith(file: string, seen = new Map<string, string>()): ReadonlyMap<string, string> {
  if (seen.has(file)) return seen;
  seen.set(file, readFileSync(file, 'utf8'));
  for (const specifier of staticImports(seen.get(file) ?? '')) if (specifier.startsWith('.')) loadedWith(resolve(dirname(file), specifier), seen);
  return seen;
}

function staticImports(text: string): string[] {
  return [...text.matchAll(/(?:\bfrom|\bimport)\s*(['"])([^'"]+)\1/g)].map((found) => found[2] ?? '');
}

t.test('everything that package.json names is in the package, and the program in it runs', async (t) => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  t.ok(entries.length >= 5);
  for (const { name, types, default: file } of entries) {
    t.ok(existsSync(join(installed, file)), `${name}: ${file}`);
    t.ok(existsSync(join(installed, types)), `${name}: ${types}`);
    t.ok(new RegExp(`[\`']${name}[\`']`).test(readme), `the README names ${name}`);
  }
  t.equal(manifest.types, entries[0]?.types);
  const { stdout } = await run(process.execPath, [join(installed, 'bin/raxed.js'), '--version'], { env: {} });
  t.equal(stdout, `${manifest.version}\n`);
});

t.test('import and require give the same things, and nothing but the exports can be reached', async (t) => {
  t.equal(await output('module', `
    import * as all from 'raxed';
    import * as partner from 'raxed/partner';
    import * as webhook from 'raxed/webhook';
    console.log(Object.keys(all).join(), Object.entries({ ...partner, ...webhook }).every(([name, value]) => all[name] === value));
  `), 'Raxed,RaxedError,ThreatBlockedError,checkWebhook,createPartnerClient,verifyWebhook true\n');
  t.equal(await output('commonjs', `
    const { createPartnerClient } = require('raxed/partner');
    const { MsspAuditLogger } = require('raxed/audit');
    const { createSiemAdapter } = require('raxed/siem');
    const { verifyWebhook } = require('raxed/webhook');
    const all = require('raxed');
    console.log(createPartnerClient === all.createPartnerClient, verifyWebhook === all.verifyWebhook, typeof MsspAuditLogger, typeof createSiemAdapter, require('raxed/package.json').name);
  `), 'true true function function raxed\n');
  await t.rejects(output('module', 'import "raxed/dist/cli/main.js"'), /ERR_PACKAGE_PATH_NOT_EXPORTED/);
});

t.test('the audit log works with nothing else installed', async (t) => {
  t.equal(await output('module', `
    import { MsspAuditLogger } from 'raxed/audit';
    const log = new MsspAuditLogger({ logDirectory: 'audit' });
    await log.logDelivery({
      msspId: 'mssp_yourcompany', customerId: 'cust_acme', eventId: 'evt_1', dataMode: 'full', dataFieldsSent: ['prompt'], deliveryStatus: 'success',
      httpStatusCode: 200, destinationUrl: 'https://soc.example/raxe/alerts',
    });
    console.log(JSON.stringify(await log.getStats()), (await log.verify()).ok);
    await log.close();
  `), '{"total_deliveries":1,"successful":1,"failed":0} true\n');
});

/** The first program of README's "SIEM without a daemon", with its addresses and secrets where this machine has them. */
function readmeProgram(url: string): string {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const program = /```js\n(import \{ createSiemAdapter[\s\S]*?)```/.exec(readme)?.[1] ?? '';
  return program.replace('https://splunk.example:8088', url).replace("{ file: '/etc/soc/hec.token' }", "'hec-token'");
}

t.test('README\'s program sends to a SIEM with nothing else installed, and waits for the indexer', async (t) => {
  const splunk = await startSplunk({ 'hec-token': { ack: true } });
  t.teardown(() => splunk.close());
  const said = await output('module', readmeProgram(splunk.url.replace('/services/collector', '')));
  t.match(said, /HEC is healthy/);
  t.match(said, /an indexer has acknowledged it/);
  t.match(said, /2 delivered, 0 refused/);
  t.equal(splunk.events.length, 3);
});

t.test('importing starts nothing, nor does making a client: the process ends by itself, and says nothing', async (t) => {
  t.equal(await output('module', entries.map(({ name }) => `import '${name}';`).join('')), '');
  t.equal(await output('module', 'import { createPartnerClient } from "raxed"; createPartnerClient("mssp_yourcompany");'), '');
});

t.test('publint and attw find nothing wrong with the package', async (t) => {
  const tarball = join(project, packed);
  t.match((await run(process.execPath, [join(root, 'node_modules/publint/src/cli.js'), 'run', tarball, '--strict'])).stdout, /All good/);
  // It ends with an error for each problem that the profile does not ignore.
  const { stdout } = await run(process.execPath, [join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js'), tarball, '--profile', 'esm-only', '--no-emoji', '--no-color']);
  for (const { name } of entries) t.match(stdout, `"${name}"`);
});

t.test('what an application imports brings WebSockets along, and nothing of the daemon', (t) => {
  const loaded = loadedWith(join(installed, 'dist/library.js'));
  const text = [...loaded.values()].join('');
  t.match(text, /sec-websocket-key/i);
  t.notMatch(text, /fdatasync|createControlServer|createDispatcher|proper-lockfile|cacheable|typebox|compileRules|createSpool|createServer\(\)/i, 'no spool, no listeners, no locks, no got, no scanner');
  t.same([...new Set([...loaded.values()].flatMap(staticImports).filter((name) => /^[@a-z][\w@:/.-]+$/.test(name) && !name.startsWith('node:')))], [], 'no other package');
  const bytes = [...loaded.values()].reduce((sum, module) => sum + module.length, 0);
  t.ok(bytes < 200_000, `${bytes} bytes`);
  t.end();
});

t.test('the SIEM adapter brings nothing of the daemon along', (t) => {
  const loaded = loadedWith(join(installed, 'dist/client/siem-adapter.js'));
  const specifiers = new Set([...loaded.values()].flatMap(staticImports).filter((name) => /^[@a-z][\w@:/.-]+$/.test(name)));
  t.same([...specifiers].filter((name) => !name.startsWith('node:')), []);
  t.notMatch([...loaded.values()].join(''), /fdatasync|createServer|proper-lockfile|jsonrpc/, 'no spool, no listeners, no locks');
  const bytes = [...loaded.values()].reduce((sum, text) => sum + text.length, 0);
  t.ok(bytes < 200_000, `${bytes} bytes`);
  t.end();
});

t.test('the partner client brings nothing of the daemon along', (t) => {
  const loaded = loadedWith(join(installed, 'dist/client/partner.js'));
  const specifiers = new Set([...loaded.values()].flatMap(staticImports).filter((name) => !name.startsWith('.')));
  t.same([...specifiers].sort(), ['node:events', 'node:fs', 'node:http', 'node:module', 'node:net', 'node:os', 'node:path']);
  const bytes = [...loaded.values()].reduce((sum, text) => sum + text.length, 0);
  t.ok(bytes < 40_000, `${bytes} bytes`);
  t.end();
});

t.test('the declarations need no other package', (t) => {
  const files = readdirSync(join(installed, 'dist'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.d.ts')).map((name) => join(installed, 'dist', name));
  t.ok(files.length > 2);
  for (const file of files) {
    const { importedFiles, typeReferenceDirectives, referencedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'));
    t.same([...typeReferenceDirectives, ...referencedFiles], []);
    for (const { fileName } of importedFiles) t.ok(fileName.startsWith('.') && existsSync(resolve(dirname(file), fileName.replace(/\.js$/, '.d.ts'))), `${file}: ${fileName}`);
  }
  t.end();
});

const USER = `
import type { CustomerView, DataField } from 'raxed/partner';
import { createPartnerClient } from 'raxed/partner';
import type { LoggedDelivery } from 'raxed/audit';
import { MsspAuditLogger } from 'raxed/audit';
import type { SiemEvent, SiemSettings } from 'raxed/siem';
import { createSiemAdapter, SiemDeliveryError } from 'raxed/siem';
import { createPartnerClient as same, RaxedError } from 'raxed';

export async function onboard(signal: AbortSignal): Promise<number> {
  const client: ReturnType<typeof same> = createPartnerClient('mssp_yourcompany', { timeoutMs: 1000, signal });
  const dataFields: readonly DataField[] = ['prompt', 'matched_text'];
  const customer: CustomerView = await client.createCustomer({ customerId: 'cust_acme', name: 'Acme', dataMode: 'full', dataFields });
  // @ts-expect-error -- not a field
  await client.configureCustomer(customer.id, { dataFields: ['prompts'] });
  // @ts-expect-error -- not a mode
  await client.configureCustomer(customer.id, { dataMode: 'private' });
  // @ts-expect-error -- a number
  const count: string = (await client.getMsspStats()).total_customers;
  // @ts-expect-error -- not the name on the wire
  const unknown = (await client.getCustomerStats(customer.id)).totalScans;
  try {
    await client.deleteCustomer(customer.id, { drain: true }, { signal });
  } catch (error) {
    // @ts-expect-error -- not a code
    if (error instanceof RaxedError && error.code === 'NO_SUCH_CODE') return 1;
    if (error instanceof RaxedError && error.code === 'DRAIN_TIMEOUT') return error.exitCode;
    throw error;
  } finally {
    client.close();
  }
  return count.length + Number(unknown);
}

export async function record(delivery: LoggedDelivery): Promise<number> {
  const log = new MsspAuditLogger({ logDirectory: '/var/log/soc' });
  await log.logDelivery(delivery);
  // @ts-expect-error -- not a status
  await log.logDelivery({ ...delivery, deliveryStatus: 'delivered' });
  const { total_deliveries, first_bad } = { ...await log.getStats(), ...await log.verify() };
  return total_deliveries + (first_bad?.line ?? 0);
}

export async function forward(events: readonly SiemEvent[], token: string): Promise<number> {
  const settings: SiemSettings = { type: 'splunk', url: 'https://splunk.example:8088', token, splunk_ack: true };
  // @ts-expect-error -- not an option of splunk
  createSiemAdapter({ type: 'splunk', url: 'https://splunk.example:8088', token, facility: 16 });
  // @ts-expect-error -- splunk needs a token
  createSiemAdapter({ type: 'splunk', url: 'https://splunk.example:8088' });
  const siem = createSiemAdapter(settings);
  try {
    return (await siem.sendBatch(events)).delivered;
  } catch (error) {
    if (error instanceof SiemDeliveryError && error.retryable) return error.settled;
    throw error;
  } finally {
    await siem.close();
  }
}
`;

t.test('a user\'s program is checked against the types, however modules are resolved', (t) => {
  const file = join(project, 'user.mts');
  writeFileSync(file, USER);
  mkdirSync(join(project, 'node_modules/@types'), { recursive: true });
  for (const name of ['@types/node', 'undici-types']) symlinkSync(join(root, 'node_modules', name), join(project, 'node_modules', name));
  const problems = (options: ts.CompilerOptions): string[] => ts.getPreEmitDiagnostics(ts.createProgram([file], {
    strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true, target: ts.ScriptTarget.ES2022, ...options,
  })).map(({ messageText, file: at }) => `${at?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`);
  t.same(problems({ module: ts.ModuleKind.NodeNext, lib: ['lib.es2022.d.ts'], typeRoots: [join(project, 'node_modules/@types')], types: ['node'] }), [], 'nodenext, with Node\'s types');
  t.same(problems({ module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler, lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'], types: [] }), [], 'bundler, with the browser\'s');
  t.end();
});
