import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import t from 'tap';
import { RaxedError } from '../../src/errors.js';
import { nodeSpoolFiles } from '../../src/platform/spool-files.js';
import type { SpoolFiles } from '../../src/ports.js';
import type { TenantsStore } from '../../src/tenants/store.js';
import { openTenantsStore } from '../../src/tenants/store.js';
import type { Tenants } from '../../src/tenants/tenants.js';
import { NO_TENANTS } from '../../src/tenants/tenants.js';
import { recordingLogger, silentLogger } from '../fixtures/logger.js';
import { numbered, numberOf } from './numbered.js';

const KILLS = process.env['RAXED_TEST_LONG'] === '1' ? 50 : 10;
const NOBODY = 65_534;
const CANARY = 'c4n4ry-hunter2';

const open = (path: string, files: SpoolFiles = nodeSpoolFiles): Promise<TenantsStore> => openTenantsStore(path, { files, logger: silentLogger, availableSiem: [] });
const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8);

/** One MSSP, one customer, one deleted one. */
const SMALL: Tenants = {
  mssps: [{
    id: 'm', name: 'Em', tier: 'starter', max_customers: null,
    webhook: { url: 'https://soc.example/', secret: CANARY, previous_secret: null, previous_secret_until: null, timeout_seconds: 10, max_in_flight: 8, tls: false },
    customers: [],
  }],
  customers: [{ mssp_id: 'm', customer: { id: 'c', name: 'See', data_mode: 'full', data_fields: ['prompt'], retention_days: 30, heartbeat_threshold_seconds: 300, webhook: null, siem: [], threat_at: null, block_at: null, l2: { enabled: null, threshold: null }, suppressions: [] } }],
  removed: [{ mssp_id: 'm', customer_id: 'd' }],
};
const SMALL_TEXT = `{
  "version": 1,
  "mssps": [
    {
      "id": "m",
      "name": "Em",
      "tier": "starter",
      "max_customers": null,
      "webhook": {
        "url": "https://soc.example/",
        "secret": "${CANARY}",
        "previous_secret": null,
        "previous_secret_until": null,
        "timeout_seconds": 10,
        "max_in_flight": 8,
        "tls": false
      },
      "customers": []
    }
  ],
  "customers": [
    {
      "mssp_id": "m",
      "customer": {
        "id": "c",
        "name": "See",
        "data_mode": "full",
        "data_fields": [
          "prompt"
        ],
        "retention_days": 30,
        "heartbeat_threshold_seconds": 300,
        "webhook": null,
        "siem": [],
        "threat_at": null,
        "block_at": null,
        "l2": {
          "enabled": null,
          "threshold": null
        },
        "suppressions": []
      }
    }
  ],
  "removed": [
    {
      "mssp_id": "m",
      "customer_id": "d"
    }
  ]
}
`;

async function unwritable(store: TenantsStore, tenants = numbered(2)): Promise<string> {
  try {
    await store.write(tenants);
  } catch (error) {
    if (error instanceof RaxedError && error.code === 'STATE_UNWRITABLE') return error.message;
    throw error;
  }
  throw new Error('it was written');
}

t.test('without tenants made with ctl nothing is written, and conf is not even loaded', async (t) => {
  const folder = t.testdir();
  // It hooks every signal when it is loaded.
  const hooks = process.listenerCount('SIGALRM');
  const store = await open(join(folder, 'tenants.json'));
  t.same(store.read(), NO_TENANTS);
  t.equal(store.damaged, undefined);
  t.same(readdirSync(folder), []);
  t.same((await open(join(folder, 'not', 'there', 'tenants.json'))).read(), NO_TENANTS);
  t.same(readdirSync(folder), []);
  t.equal(process.listenerCount('SIGALRM'), hooks);
  await store.write(SMALL);
  t.equal(process.listenerCount('SIGALRM'), hooks + 1);
});

t.test('what is written is on disk in this form, 0600 in a folder of 0700 whatever the umask, and is read again', async (t) => {
  for (const umask of [0o000, 0o077, 0o022]) {
    const folder = t.testdir();
    const path = join(folder, 'made', 'here', 'tenants.json');
    const before = process.umask(umask);
    t.teardown(() => process.umask(before));
    const store = await open(path);
    await store.write(SMALL);
    t.same(store.read(), SMALL);
    t.equal(readFileSync(path, 'utf8'), SMALL_TEXT);
    await store.write(SMALL);
    t.same([modeOf(path), modeOf(join(folder, 'made')), modeOf(join(folder, 'made', 'here'))], ['600', '700', '700'], umask.toString(8));
    t.same(readdirSync(join(folder, 'made', 'here')), ['tenants.json']);
    process.umask(before);
    t.same((await open(path)).read(), SMALL);
  }
  const folder = t.testdir({ 'tenants.json': SMALL_TEXT });
  chmodSync(folder, 0o750);
  chmodSync(join(folder, 'tenants.json'), 0o644);
  const store = await open(join(folder, 'tenants.json'));
  await store.write({ ...SMALL, removed: [] });
  t.same([modeOf(folder), modeOf(join(folder, 'tenants.json'))], ['750', '600'], 'a folder that was there keeps its mode');
});

t.test('writes that are asked for at once are done one after another', async (t) => {
  const path = join(t.testdir(), 'tenants.json');
  const store = await open(path);
  const seen: number[] = [];
  await Promise.all(Array.from({ length: 20 }, (_, n) => store.write(numbered(n + 1)).then(() => seen.push(numberOf(store.read())))));
  t.same(seen, Array.from({ length: 20 }, (_, n) => n + 1));
  t.equal(numberOf((await open(path)).read()), 20);
});

t.test('a file that holds nonsense is kept aside, said loudly, and never overwritten', async (t) => {
  const changed = (change: (json: { mssps: Record<string, unknown>[]; customers: unknown[] } & Record<string, unknown>) => void): string => {
    const json = JSON.parse(SMALL_TEXT) as Parameters<typeof change>[0];
    change(json);
    return JSON.stringify(json);
  };
  const cases: [name: string, content: string | Buffer, problem: string | RegExp][] = [
    ['empty', '', 'line 1, column 1: expected a value, found the end of the file'],
    ['torn', SMALL_TEXT.slice(0, 200), /found the end of the file|is not closed/],
    ['zeros', Buffer.alloc(4096), 'line 1, column 1: expected a value'],
    ['no UTF-8', Buffer.from(SMALL_TEXT.replace('Em', 'E\u00ff'), 'latin1'), 'the file is not UTF-8'],
    ['no object', '[]', 'expected an object, found a list'],
    ['no version', '{}', '/version is required: 1'],
    ['a version that never was', changed((json) => { json['version'] = 0; }), /^\/version expected 1/],
    ['an unknown key', changed((json) => { json['more'] = []; }), /^\/more unknown key/],
    ['an unknown key within', changed((json) => { Object.assign(json.mssps[0] ?? {}, { teir: 'starter' }); }), '/mssps/0/teir unknown key; did you mean "tier"?'],
    ['a URL that nobody may use', SMALL_TEXT.replace('https:', 'http:'), /^\/mssps\/0\/webhook\/url expected an https URL/],
    ['an MSSP twice', changed((json) => { json.mssps.push(...json.mssps); }), '/mssps/1/id is the same as /mssps/0/id'],
    ['a customer twice', changed((json) => { json.customers.push(...json.customers); }), '/customers/1/customer/id is the same as /customers/0/customer/id'],
    ['a customer in the wrong place', changed((json) => { Object.assign(json.mssps[0] ?? {}, { customers: [{ id: 'c' }] }); }), /^\/mssps\/0\/customers\/0\/id unknown key/],
    ['nonsense in the same place', changed((json) => { Object.assign(json.mssps[0] ?? {}, { customers: [7] }); }), '/mssps/0/customers expected an empty list: customers stand in /customers'],
    ['a SIEM that this version has not', changed((json) => { Object.assign((json.customers[0] as { customer: object }).customer, { siem: [{ type: 'cef', url: 'syslog://x' }] }); }), /^\/customers\/0\/customer\/siem\/0\/type "cef" over syslog is not available/],
  ];
  for (const [name, content, problem] of cases) {
    const folder = t.testdir({ 'tenants.json': content, 'tenants.json.damaged-7': 'earlier', 'tenants.json.damaged-x': 'another', 'tenants.json.damaged-': 'another' });
    const path = join(folder, 'tenants.json');
    const logger = recordingLogger();
    const store = await openTenantsStore(path, { files: nodeSpoolFiles, logger, availableSiem: [] });
    const kept = `${path}.damaged-8`;
    t.same(store.read(), NO_TENANTS, name);
    const said = store.damaged ?? '';
    t.ok(said.startsWith(`${path} was damaged and is kept as ${kept}: `), said);
    const detail = said.slice(said.indexOf(kept) + kept.length + 2);
    if (typeof problem === 'string') t.equal(detail, problem, name);
    else t.match(detail, problem, name);
    t.match(logger.lines, [{ level: 'error', fields: { file: path, problem: said } }]);
    t.notMatch(JSON.stringify(logger.lines), CANARY);
    t.same(readFileSync(kept), Buffer.from(content), 'byte for byte');
    t.equal(readFileSync(`${path}.damaged-7`, 'utf8'), 'earlier');
  }
  const path = join(t.testdir({ 'tenants.json': '' }), 'tenants.json');
  await (await open(path)).write(SMALL);
  t.same((await open(path)).read(), SMALL, 'a new one can be written');
  t.equal((await open(path)).damaged, undefined);
});

t.test('what is no file of ours is left alone, not followed and not waited for, and nothing is written', async (t) => {
  const later = SMALL_TEXT.replace('"version": 1', '"version": 2');
  const cases: [name: string, make: (path: string, folder: string) => void, reason: string][] = [
    ['a link', (path, folder) => { symlinkSync(join(folder, 'victim'), path); }, 'it is no regular file'],
    ['a link to nothing', (path, folder) => { symlinkSync(join(folder, 'nothing'), path); }, 'it is no regular file'],
    ['a pipe', (path) => { execFileSync('mkfifo', [path]); }, 'it is no regular file'],
    ['a folder', (path) => { mkdirSync(path); }, 'it is no regular file'],
    ['a later version\'s', (path) => { writeFileSync(path, later); }, 'it was written by a later version of raxed (format 2)'],
  ];
  for (const [name, make, reason] of cases) {
    const folder = t.testdir({ victim: SMALL_TEXT });
    const path = join(folder, 'tenants.json');
    make(path, folder);
    const before = readdirSync(folder);
    const logger = recordingLogger();
    const store = await openTenantsStore(path, { files: nodeSpoolFiles, logger, availableSiem: [] });
    t.same(store.read(), NO_TENANTS, name);
    t.match(store.damaged, `${path} cannot be read (${reason}); it is left as it is`);
    t.match(logger.lines, [{ level: 'error' }]);
    t.equal(await unwritable(store), `${path} cannot be written (it could not be read)`);
    t.same(readdirSync(folder), before);
    t.equal(readFileSync(join(folder, 'victim'), 'utf8'), SMALL_TEXT);
  }
  const folder = t.testdir({ victim: 'whole' });
  const path = join(folder, 'tenants.json');
  const store = await open(path);
  await store.write(SMALL);
  rmSync(path);
  symlinkSync(join(folder, 'victim'), path);
  t.match(await unwritable(store), 'no regular file', 'nor is a link followed that came later');
  t.equal(readFileSync(join(folder, 'victim'), 'utf8'), 'whole');
});

t.test('where nothing can be written or read, that is said, and the old content stays', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'raxed-tenants-'));
  t.teardown(() => { rmSync(folder, { recursive: true }); });
  const path = join(folder, 'tenants.json');
  const store = await open(path);
  await store.write(numbered(1));
  const root = process.getuid?.() === 0;
  if (root) for (const place of [folder, path]) chownSync(place, NOBODY, NOBODY);
  // Root may write everywhere.
  const asAnother = async (work: () => Promise<void>): Promise<void> => {
    if (root) process.seteuid?.(NOBODY);
    try {
      await work();
    } finally {
      if (root) process.seteuid?.(0);
    }
  };
  chmodSync(folder, 0o500);
  await asAnother(async () => {
    t.equal(await unwritable(store), `${path} cannot be written (EACCES)`);
    t.equal(numberOf(store.read()), 1);
    t.equal(numberOf((await open(path)).read()), 1);
    t.same(readdirSync(folder), ['tenants.json']);
  });
  chmodSync(folder, 0o700);
  chmodSync(path, 0o000);
  await asAnother(async () => {
    const unreadable = await open(path);
    t.match(unreadable.damaged, `${path} cannot be read (EACCES); it is left as it is`);
    await unwritable(unreadable);
    await store.write(numbered(2));
    t.equal(numberOf((await open(path)).read()), 2, 'it heals by itself');
  });
  writeFileSync(path, '{');
  chmodSync(folder, 0o500);
  await asAnother(async () => {
    const aside = await open(path);
    t.match(aside.damaged, `${path} cannot be read (EACCES); it is left as it is`, 'what cannot be set aside is left alone');
    await unwritable(aside);
  });
  t.equal(readFileSync(path, 'utf8'), '{');
  chmodSync(folder, 0o700);
});

t.test('a disk that fails leaves the old content in force, and on disk until the new one has taken its place', async (t) => {
  const path = join(t.testdir(), 'tenants.json');
  let fault: keyof SpoolFiles | undefined;
  const files = new Proxy(nodeSpoolFiles, {
    get: (target, key: keyof SpoolFiles) => (key === fault ? () => Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' })) : target[key]),
  });
  const store = await open(path, files);
  await store.write(numbered(1));
  for (const [operation, onDisk] of [['mkdir', 1], ['rename', 1], ['syncFolder', 2]] as const) {
    fault = operation;
    t.equal(await unwritable(store), `${path} cannot be written (EIO)`, operation);
    t.equal(numberOf(store.read()), 1);
    fault = undefined;
    t.equal(numberOf((await open(path)).read()), onDisk);
  }
  await store.write(numbered(3));
  t.equal(numberOf((await open(path)).read()), 3);
});

t.test('what a crash left behind is removed: it holds secrets', async (t) => {
  const folder = t.testdir({ 'tenants.json': SMALL_TEXT, 'tenants.json.next': SMALL_TEXT, 'tenants.json.next.tmp-1234567890abcdef': SMALL_TEXT, 'other.json': '' });
  t.same((await open(join(folder, 'tenants.json'))).read(), SMALL);
  t.same(readdirSync(folder).sort(), ['other.json', 'tenants.json']);
});

t.test('processes', async (t) => {
  // One file, so that a process that is started many times starts fast.
  const folder = t.testdir();
  const program = join(folder, 'writer.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'writer.ts')], outfile: program, bundle: true, format: 'esm', platform: 'node', target: 'node20', logLevel: 'warning',
    banner: { js: "import{createRequire as __raxedRequire}from'node:module';const require=__raxedRequire(import.meta.url);" },
  });

  t.test('a disk that takes only a part is noticed before the old content is replaced', (t) => {
    const path = join(t.testdir(), 'tenants.json');
    const said = execFileSync(process.execPath, [program, path, '10000'], { encoding: 'utf8' });
    t.equal(said, `RaxedError: ${path} cannot be written (ENOSPC)\n`);
    t.same(JSON.parse(readFileSync(path, 'utf8')), { version: 1, mssps: [], customers: [], removed: [] });
    t.end();
  });

  t.test(`${KILLS} processes killed while they write leave the old content or the new, never less than was acknowledged`, async (t) => {
    const path = join(t.testdir(), 'tenants.json');
    let acknowledged = 0;
    let ahead = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const child = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
      const goal = acknowledged + 2 + Math.floor(Math.random() * 4);
      let at = 0;
      for await (const line of createInterface(child.stdout)) {
        const writeMs = performance.now() - at;
        at += writeMs;
        acknowledged = Number(line);
        if (acknowledged === goal) setTimeout(() => child.kill('SIGKILL'), Math.random() * 2 * writeMs);
      }
      t.ok(acknowledged >= goal);
      const store = await open(path);
      const number = numberOf(store.read());
      t.equal(store.damaged, undefined);
      t.same(store.read(), numbered(number), 'it is whole');
      t.ok(number === acknowledged || number === acknowledged + 1, `${number} is there, ${acknowledged} was acknowledged`);
      ahead += number - acknowledged;
      t.same(readdirSync(dirname(path)), ['tenants.json']);
    }
    t.comment(`${acknowledged} writes acknowledged; after ${ahead} of ${KILLS} kills one more was there`);
  });
});
