import t from 'tap';
import type { ConfigurationFacts } from '../../src/doctor/configuration.js';
import { judgeConfiguration } from '../../src/doctor/configuration.js';
import { brief, config, MSSP, of, person, service } from './facts.js';

const FILE = '/etc/raxed/config.json';
const WHOLE = config({ agent: { id: 'agent_1', mssp_id: 'mssp_a', customer_id: 'cust_a' }, mssps: [MSSP] });
const RUNNING = { file: FILE, digest: 'd1', lastError: undefined, restartRequired: false };
const GOOD: ConfigurationFacts = {
  site: service(), read: { kind: 'read', config: WHOLE, warnings: [], digest: 'd1' }, tenants: { kind: 'none' }, effective: { config: WHOLE, warnings: [] }, running: RUNNING,
};
const judge = (changes: Partial<ConfigurationFacts>) => judgeConfiguration({ ...GOOD, ...changes });
const unread = (read: ConfigurationFacts['read']): Partial<ConfigurationFacts> => ({ read, tenants: undefined, effective: undefined });

t.test('a whole configuration that the daemon has in force is all right', (t) => {
  t.same(brief(judge({})), ['ok configuration.file', 'ok configuration.customer', 'ok configuration.agent', 'ok configuration.in_force']);
  t.end();
});

t.test('a file that is not there, may not be read or is wrong says what to do about it', (t) => {
  t.match(of('problem', judge(unread({ kind: 'missing' }))), /there is no file \/etc\/raxed\/config\.json.*sudo raxed config init \/etc\/raxed\/config\.json/);
  t.match(of('problem', judge({ ...unread({ kind: 'missing' }), site: person() })), /raxed config init \/home\/anna\/raxed\.json/);
  t.match(of('not_checked', judge(unread({ kind: 'unreadable', errno: 'EACCES' }))), /may not read .*sudo raxed doctor/);
  t.match(of('problem', judge(unread({ kind: 'unreadable', errno: 'EIO' }))), /EIO/);
  const wrong = judge(unread({ kind: 'invalid', problems: [{ pointer: '/mssps/0/webhook/url', message: 'expected an https URL' }, { pointer: '', message: 'line 3, column 1: expected a comma' }] }));
  t.equal(wrong.filter(({ status }) => status === 'problem').length, 2, 'one finding a problem');
  t.match(of('problem', wrong), /\/mssps\/0\/webhook\/url: expected an https URL → Correct the value at \/mssps\/0\/webhook\/url in \/etc\/raxed\/config\.json/);
  t.end();
});

t.test('warnings of the file and of the tenants made with ctl are said, with the command for a mode that is too wide', (t) => {
  const read = { kind: 'read', config: WHOLE, warnings: [{ pointer: '', message: `${FILE} holds a secret and is readable by every user (mode 0644); make it 0600 or 0640` }], digest: 'd1' } as const;
  t.match(of('warning', judge({ read })), /sudo chown root:raxed \/etc\/raxed\/config\.json && sudo chmod 0640/);
  const effective = { config: WHOLE, warnings: [{ pointer: '/mssps/0/id', message: 'an MSSP made with ctl has this id' }, { pointer: '/agent/mssp_id', message: 'names no MSSP' }] };
  const warnings = of('warning', judge({ effective, tenants: { kind: 'merged', mssps: 1, customers: 2 } }));
  t.match(warnings, /\/mssps\/0\/id: an MSSP made with ctl/);
  t.notMatch(warnings, /names no MSSP/, 'what the agent names is judged by itself');
  t.match(of('problem', judge({ tenants: { kind: 'damaged', problem: 'line 1, column 1' } })), /tenants\.json is damaged: line 1.*backup/);
  t.match(of('not_checked', judge({ tenants: { kind: 'unreadable', errno: 'EACCES' } })), /sudo raxed doctor/);
  t.match(of('problem', judge({ tenants: { kind: 'unreadable', errno: 'EISDIR' } })), /EISDIR/);
  t.end();
});

t.test('an MSSP, a customer and an agent are missed', (t) => {
  const content = (json: object): string[] => brief(judge({ effective: { config: config(json), warnings: [] } })).slice(1, -1);
  t.same(content({}), ['problem configuration.mssp', 'warning configuration.agent']);
  t.same(content({ mssps: [{ ...MSSP, customers: [] }] }), ['problem configuration.customer', 'warning configuration.agent']);
  t.same(content({ mssps: [MSSP], agent: { id: 'a', mssp_id: 'mssp_a', customer_id: 'cust_x' } }), ['ok configuration.customer', 'problem configuration.agent']);
  t.end();
});

t.test('whether the running daemon has this very file in force', (t) => {
  const last = (running: ConfigurationFacts['running'], read = GOOD.read): string => brief(judge({ running, read })).at(-1) ?? '';
  t.equal(last(undefined), 'not_checked configuration.in_force');
  t.equal(last({ ...RUNNING, digest: 'd2' }), 'problem configuration.in_force');
  t.equal(last({ ...RUNNING, digest: undefined }), 'not_checked configuration.in_force');
  t.equal(last({ ...RUNNING, file: '/other.json' }), 'problem configuration.in_force');
  t.equal(last({ ...RUNNING, restartRequired: true }), 'warning configuration.restart');
  t.match(of('problem', judge({ running: { ...RUNNING, lastError: '/spool/max_bytes: expected more' } })), /refused this file and keeps the one before: \/spool\/max_bytes: expected more/);
  t.end();
});
