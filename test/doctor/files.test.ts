import t from 'tap';
import type { FilesFacts, SeenFile } from '../../src/doctor/files.js';
import { judgeFiles } from '../../src/doctor/files.js';
import type { Way } from '../../src/doctor/permissions.js';
import { readObstacle, writeObstacle } from '../../src/doctor/permissions.js';
import type { Reference } from '../../src/doctor/references.js';
import { referencesOf } from '../../src/doctor/references.js';
import { brief, config, missing, MSSP, of, person, RAXED, service, way } from './facts.js';

const SECRET: Reference = { pointer: '/mssps/0/webhook/secret', path: '/etc/raxed/webhook.secret', kind: 'secret' };
const STATE = { way: way('/var/lib/raxed', { kind: 'folder', uid: 990, mode: 0o700 }), left: [], foreign: [] } as const;
const GOOD: FilesFacts = { site: service(), account: RAXED, config: way('/etc/raxed/config.json'), references: undefined, seen: [], state: STATE, rules: [] };
const judge = (changes: Partial<FilesFacts>) => judgeFiles({ ...GOOD, ...changes });
const secret = (file: Partial<SeenFile>, reference: Partial<Reference> = {}) => judge({ seen: [{ reference: { ...SECRET, ...reference }, way: way(SECRET.path), unusable: undefined, ...file }] }).filter(({ id }) => /secret|key|ca$|certificate/.test(id));

t.test('who may read and write what is judged by owner, group, mode and every folder on the way', (t) => {
  const rows: [string, Way, boolean, boolean][] = [
    ['the group', way('/a/f'), true, false],
    ['the owner', way('/a/f', { uid: 990, gid: 0, mode: 0o400 }), true, false],
    ['the owner\'s own bits count, also where the group has more', way('/a/f', { uid: 990, mode: 0o040 }), false, false],
    ['others', way('/a/f', { gid: 0, mode: 0o604 }), true, false],
    ['nobody but root', way('/a/f', { gid: 0, mode: 0o600 }), false, false],
    ['a folder that cannot be entered', way('/a/b/f', { mode: 0o644 }, { mode: 0o700 }), false, false],
    ['a folder that can be entered and not listed', way('/a/b/f', { mode: 0o644 }, { mode: 0o711 }), true, false],
    ['a folder of its own', way('/a/f', { kind: 'folder', uid: 990, mode: 0o700 }), true, true],
    ['a folder that it may write to and not enter', way('/a/f', { kind: 'folder', uid: 990, mode: 0o600 }), true, false],
  ];
  for (const [what, path, reads, writes] of rows) {
    t.equal(readObstacle(path, RAXED) === undefined, reads, `${what}: read`);
    t.equal(writeObstacle(path, RAXED) === undefined, writes, `${what}: write`);
  }
  t.equal(readObstacle(way('/a/f', { mode: 0 }), { name: 'root', uid: 0, gids: [0] }), undefined, 'root reads all');
  t.same(readObstacle(way('/a/b/f', {}, { mode: 0o700 }), RAXED), { folder: '/a/b', says: '/a/b (mode 0700) does not let raxed pass' });
  t.end();
});

t.test('the configuration file is the daemon\'s to read and not to write', (t) => {
  t.same(brief(judge({})), ['ok files.config', 'ok files.state']);
  t.match(of('problem', judge({ config: way('/etc/raxed/config.json', { gid: 0, mode: 0o600 }) })), /raxed cannot read .*sudo chown root:raxed \/etc\/raxed\/config\.json && sudo chmod 0640/);
  t.match(of('problem', judge({ config: way('/etc/raxed/config.json', {}, { mode: 0o700 }) })), /does not let raxed pass .*sudo chgrp raxed \/etc\/raxed && sudo chmod g\+rx/);
  t.match(of('problem', judge({ site: person(), config: way('/home/anna/raxed.json', { gid: 0, mode: 0o600 }) })), /its mode is 0600, its owner uid 0, .*Let raxed read it, or run the daemon as a user who may/);
  t.match(of('problem', judge({ site: person(), config: way('/home/anna/raxed.json', {}, { mode: 0o700 }) })), /Let raxed pass through \/home\/anna/);
  t.match(of('problem', judge({ config: way('/home/anna/config.json') })), /ProtectHome.*sudo systemctl edit raxed/);
  for (const mine of [{ uid: 990 }, { mode: 0o660 }, { mode: 0o642 }]) t.match(of('warning', judge({ config: way('/etc/raxed/config.json', mine) })), /can be changed by raxed/);
  t.same(brief(judge({ config: missing('/etc/raxed/config.json') })), ['ok files.state'], 'that it is missing is said elsewhere');
  t.same(brief(judge({ account: undefined })), ['not_checked files.account']);
  t.end();
});

t.test('a file that is referred to must be there, and the service\'s user must be able to read it', (t) => {
  t.same(brief(secret({})), ['ok files.secret']);
  t.match(of('problem', secret({ way: missing(SECRET.path) })), /no secret's file \/etc\/raxed\/webhook\.secret \(\/mssps\/0\/webhook\/secret\)/);
  t.match(of('problem', secret({ way: missing('/mnt/gone') })), /\/mnt\/gone does not exist/);
  t.match(of('not_checked', secret({ way: missing('/etc/raxed', 'EACCES') })), /sudo raxed doctor/);
  t.match(of('problem', secret({ way: way(SECRET.path, { kind: 'folder' }) })), /not a regular file/);
  t.match(of('problem', secret({ way: way(SECRET.path, { gid: 0, mode: 0o600 }) })), /sudo chown root:raxed \/etc\/raxed\/webhook\.secret/);
  t.match(of('problem', secret({ unusable: 'is empty' })), /is empty → Write the secret/);
  t.match(of('warning', secret({ way: way(SECRET.path, { mode: 0o644 }) })), /read by every user .*0644/);
  t.same(brief(secret({ way: way('/a/ca.pem', { mode: 0o644 }) }, { kind: 'ca' })), ['ok files.ca'], 'an authority is no secret');
  for (const path of ['/home/anna/s', '/root/s', '/tmp/s', '/var/tmp/s', '/run/user/1000/s']) t.match(of('problem', secret({ way: way(path, { mode: 0o644 }) })), /(ProtectHome|PrivateTmp)= of the unit.*sudo mv/, path);
  t.end();
});

t.test('secrets of the environment and of systemd are looked for where the daemon gets them', (t) => {
  const refer = (ref: object) => referencesOf(config({ mssps: [{ ...MSSP, webhook: { ...MSSP.webhook, secret: ref } }] }), {});
  const env = (site: FilesFacts['site']) => brief(judge({ site, references: refer({ env: 'HOOK' }) }))[1];
  t.equal(env(service({ Environment: 'HOOK=x' })), 'ok files.env');
  t.equal(env(service()), 'problem files.env');
  t.equal(env(service({ EnvironmentFiles: '/etc/default/raxed (ignore_errors=yes)' })), 'not_checked files.env');
  const credential = (site: FilesFacts['site']) => brief(judge({ site, references: refer({ credential: 'hook' }) }))[1];
  t.equal(credential(service({ LoadCredential: 'hook:/etc/raxed/hook' })), 'ok files.credential');
  t.equal(credential(service()), 'problem files.credential');
  t.equal(credential(person()), 'not_checked files.credential');
  t.end();
});

t.test('the state folder must be the daemon\'s alone, and what lies in it too', (t) => {
  const state = (changes: Partial<FilesFacts['state']>, site = service()) => judge({ site, state: { ...STATE, ...changes } }).slice(1);
  t.match(of('problem', state({ way: way('/var/lib/raxed', { kind: 'folder', uid: 0, mode: 0o700 }) })), /cannot write to the state folder.*sudo chown -R raxed:raxed \/var\/lib\/raxed/);
  t.match(of('warning', state({ way: way('/var/lib/raxed', { kind: 'folder', uid: 990, mode: 0o755 }) })), /open to other users \(mode 0755\)/);
  t.match(of('problem', state({ way: way('/var/lib/raxed', { kind: 'file' }) })), /not a folder/);
  t.match(of('ok', state({ way: missing('/var/lib/raxed') })), /made at the first start/);
  t.match(of('problem', state({ way: missing('/x/y', 'ENOTDIR') })), /ENOTDIR/);
  t.match(of('not_checked', state({ way: missing('/var/lib/raxed', 'EACCES') })), /may not look/);
  t.match(of('problem', state({ foreign: ['agents.json'] })), /agents\.json in \/var\/lib\/raxed belongs to another user.*chown -R/);
  const left = state({ left: Array.from({ length: 7 }, (_, i) => `a.${i}.bad`) });
  t.match(of('warning', left), /a\.0\.bad, .* and 2 more .* were damaged and set aside/);
  t.end();
});

t.test('rules of the operator\'s own are compiled', (t) => {
  const rules = (changes: object) => judge({ rules: [{ folder: '/etc/raxed/rules', way: way('/etc/raxed/rules', { kind: 'folder', mode: 0o755 }), problems: [], ...changes }] }).slice(2);
  t.same(brief(rules({})), ['ok files.rules']);
  t.match(of('problem', rules({ problems: ['a.yaml: rule x: no pattern'] })), /a\.yaml: rule x: no pattern → .*raxed rules check \/etc\/raxed\/rules/);
  t.match(of('problem', rules({ way: missing('/etc/raxed/rules') })), /does not exist/);
  t.match(of('problem', rules({ way: way('/etc/raxed/rules', { kind: 'folder', gid: 0, mode: 0o700 }) })), /chmod -R a\+rX/);
  t.match(of('not_checked', rules({ way: missing('/etc/raxed', 'EACCES') })), /may not look/);
  t.end();
});

t.test('every place that refers to a file is found, each file once', (t) => {
  const tls = { ca_file: 'ca.pem', cert_file: 'c.pem', key_file: 'k.pem' };
  const { files, pairs } = referencesOf(config({ mssps: [{ ...MSSP, webhook: { ...MSSP.webhook, secret: { file: 'hook' }, tls }, customers: [{
    id: 'cust_a', webhook: { url: 'https://own.example', secret: { file: 'own' }, tls }, siem: [{ type: 'splunk', url: 'https://s.example', token: { file: 'hec' }, tls: { ca_file: 'other.pem' } }],
  }] }] }), {});
  t.same(files.map(({ kind, path, pointer }) => `${kind} ${path} ${pointer}`).sort(), [
    'ca /etc/raxed/ca.pem /mssps/0/webhook/tls/ca_file',
    'ca /etc/raxed/other.pem /mssps/0/customers/0/siem/0/tls/ca_file',
    'certificate /etc/raxed/c.pem /mssps/0/webhook/tls/cert_file',
    'key /etc/raxed/k.pem /mssps/0/webhook/tls/key_file',
    'secret /etc/raxed/hec /mssps/0/customers/0/siem/0/token',
    'secret /etc/raxed/hook /mssps/0/webhook/secret',
    'secret /etc/raxed/own /mssps/0/customers/0/webhook/secret',
  ]);
  t.equal(pairs.length, 1);
  t.end();
});
