import t from 'tap';
import { SiemSchema } from '../../src/config/shape.js';
import { createDispatcher } from '../../src/control/dispatcher.js';
import { createCustomerMethods } from '../../src/control/methods/customer.js';
import { createMsspMethods } from '../../src/control/methods/mssp.js';
import { createSiemMethods } from '../../src/control/methods/siem.js';
import { silentLogger } from '../fixtures/logger.js';
import { controlContext, fakeMethods } from './actions.js';
import { recordingActions } from './recording-actions.js';

const limits = (): { maxTextBytes: number } => ({ maxTextBytes: 1000 });
const dispatcher = createDispatcher({ methods: fakeMethods(), limits, logger: silentLogger });
const customer = { mssp: 'mssp_a', id: 'cust_a' };
const newMssp = { id: 'mssp_b', name: 'B', webhook_url: 'https://soc.example/x', webhook_secret: 's' };
const siem = { ...customer, type: 'splunk', url: 'https://splunk.example' };

t.test('what a schema refuses is refused in words that help', async (t) => {
  const rows: [string, object, string | RegExp][] = [
    ['customer.configure', { ...customer, data_fields: ['prompts'] }, '/data_fields/0: must be one of prompt, matched_text, response, system_prompt, tool_calls, rag_context'],
    ['customer.create', { ...customer, name: 'A', data_fields: ['prompt', 'prompt'] }, /^\/data_fields: must be an array of different names of prompt, matched_text/],
    ['customer.configure', { ...customer, data_mode: 'Full' }, '/data_mode: must be one of full, privacy_safe'],
    ['customer.configure', { ...customer, retention_days: -1 }, '/retention_days: must be an integer of at least 0 and at most 90'],
    ['customer.configure', { ...customer, retention_days: 91 }, /at most 90$/],
    ['customer.configure', { ...customer, retention_days: 1.5 }, /must be an integer/],
    ['customer.configure', { ...customer, retention_days: '30' }, /must be an integer/],
    ['customer.configure', { ...customer, heartbeat_threshold: 59 }, '/heartbeat_threshold: must be an integer of at least 60 and at most 3600'],
    ['customer.configure', { ...customer, heartbeat_threshold: 3601 }, /at most 3600/],
    ['customer.configure', { ...customer, webhook_url: 'x'.repeat(2049) }, '/webhook_url: must be a string of at most 2048 characters'],
    ['customer.configure', { ...customer, webhook_secret: '' }, '/webhook_secret: must be a string of at least 1 and at most 4096 characters'],
    ['customer.configure', { ...customer, heartbeat_treshold: 60 }, 'unknown field; did you mean "heartbeat_threshold"?'],
    ['customer.configure', customer, /^there is nothing to change: give one of name, data_mode, data_fields/],
    ['mssp.configure', { id: 'mssp_a' }, 'there is nothing to change: give one of name, tier, max_customers, webhook_url'],
    ['mssp.configure', { id: 'mssp_a', max_customers: -1 }, '/max_customers: must be null or an integer of at least 0 and at most 1000000'],
    ['mssp.configure', { id: 'mssp_a', webhook_secret: 'x' }, /^unknown field/],
    ['mssp.create', { ...newMssp, name: 'a\u0007b' }, '/name: must be a name of 1 to 256 characters, none of them a control character'],
    ['mssp.create', { ...newMssp, name: '' }, /^\/name: must be a name/],
    ['mssp.create', { ...newMssp, name: 'x'.repeat(257) }, /^\/name: must be a name/],
    ['mssp.create', { ...newMssp, tier: 'gold' }, '/tier: must be one of starter, professional, enterprise'],
    ['mssp.create', { ...newMssp, webhook_secret: 'x'.repeat(4097) }, /at most 4096 characters$/],
    ['mssp.create', { ...newMssp, webhook_secret: { file: '/etc/passwd' } }, /^\/webhook_secret: must be a string/],
    ['mssp.create', { ...newMssp, webhook_url: undefined }, '/webhook_url: is required'],
    ['mssp.create', { ...newMssp, id: '../x' }, /^\/id: must be a string that matches/],
    ['mssp.rotate-secret', { id: 'mssp_a', overlap_hours: 8761 }, '/overlap_hours: must be a number of at least 0 and at most 8760'],
    ['mssp.delete', { id: 'mssp_a', drain_timeout_seconds: -1 }, /^\/drain_timeout_seconds: must be a number of at least 0/],
    ['mssp.delete', { id: 'mssp_a', force: true }, /^unknown field/],
    ['customer.siem.configure', { ...siem, type: 'elastic' }, '/type: must be one of splunk, crowdstrike, sentinel, cef, arcsight'],
    ['customer.siem.configure', { ...siem, tls: { ca: 'x' } }, '/tls: must be true, false or { ca_file, cert_file, key_file, server_name }'],
    ['customer.siem.configure', { ...siem, port: '514' }, '/port: must be a number'],
    ['customer.siem.configure', { ...siem, splunk_indx: 'x' }, 'unknown field; did you mean "splunk_index"?'],
    ['customer.siem.disable', { ...customer, name: 'a b' }, /^\/name: must be a string that matches/],
  ];
  for (const [method, params, message] of rows) await t.rejects(dispatcher.call(method, JSON.parse(JSON.stringify(params)), controlContext), { code: 'BAD_REQUEST', message }, `${method} ${JSON.stringify(params).slice(0, 80)}`);
});

t.test('what is at a bound is taken', async (t) => {
  for (const change of [{ retention_days: 0 }, { retention_days: 90 }, { heartbeat_threshold: 60 }, { heartbeat_threshold: 3600 }, { data_fields: [] }, { webhook_url: '' }, { webhook_secret: 'x'.repeat(4096) }, { name: 'é'.repeat(256) }]) {
    t.ok(await dispatcher.call('customer.configure', { ...customer, ...change }, controlContext));
  }
  for (const change of [{ max_customers: 0 }, { max_customers: null }, { tier: 'enterprise' }]) t.ok(await dispatcher.call('mssp.configure', { id: 'mssp_a', ...change }, controlContext));
});

t.test('each method hands its action what was asked, defaults filled in, and who asks', async (t) => {
  const { actions, calls } = recordingActions();
  const recorded = createDispatcher({ methods: [...createMsspMethods(actions), ...createCustomerMethods(actions), ...createSiemMethods(actions)], limits, logger: silentLogger });
  const ids = { msspId: 'mssp_a', customerId: 'cust_a' };
  const rows: [string, object, string, unknown[]][] = [
    ['mssp.create', newMssp, 'create', [newMssp]],
    ['mssp.configure', { id: 'mssp_a', max_customers: null }, 'configure', [{ id: 'mssp_a', max_customers: null }]],
    ['mssp.rotate-secret', { id: 'mssp_a' }, 'rotateSecret', ['mssp_a', { secret: undefined, overlapMs: 86_400_000 }]],
    ['mssp.rotate-secret', { id: 'mssp_a', webhook_secret: 'n', overlap_hours: 0.5 }, 'rotateSecret', ['mssp_a', { secret: 'n', overlapMs: 1_800_000 }]],
    ['mssp.delete', { id: 'mssp_a' }, 'delete', ['mssp_a', { dryRun: false, drainMs: undefined }]],
    ['mssp.delete', { id: 'mssp_a', drain: true }, 'delete', ['mssp_a', { dryRun: false, drainMs: 60_000 }]],
    ['mssp.delete', { id: 'mssp_a', dry_run: true, drain: false, drain_timeout_seconds: 5 }, 'delete', ['mssp_a', { dryRun: true, drainMs: undefined }]],
    ['mssp.test-webhook', { id: 'mssp_a' }, 'testWebhook', ['mssp_a', { skipSslVerify: false }]],
    ['customer.create', { ...customer, name: 'A' }, 'create', [{ ...customer, name: 'A' }]],
    ['customer.configure', { ...customer, data_fields: [] }, 'configure', [{ ...customer, data_fields: [] }]],
    ['customer.delete', { ...customer, drain: true, drain_timeout_seconds: 5 }, 'delete', [ids, { dryRun: false, drainMs: 5000 }]],
    ['customer.siem.configure', { ...siem, tls: true, port: 1 }, 'configure', [{ ...siem, tls: true, port: 1 }]],
    ['customer.siem.test', { ...customer, name: 'soc', skip_ssl_verify: true }, 'test', [{ ...ids, name: 'soc' }, { skipSslVerify: true, checkOnly: false }]],
    ['customer.siem.disable', customer, 'disable', [{ ...ids, name: undefined }, { dryRun: false }]],
  ];
  for (const [method, params, action, args] of rows) {
    calls.length = 0;
    await recorded.call(method, params, controlContext);
    const [call] = calls;
    t.equal(call?.action, action, method);
    t.same(call?.args.slice(0, -1), args);
    t.equal(call?.args.at(-1), controlContext, 'who asks');
  }
});

t.test('customer.siem.configure knows every option of the configuration file\'s SIEMs', (t) => {
  const configure = fakeMethods().find(({ name }) => name === 'customer.siem.configure');
  const known = new Set(SiemSchema.anyOf.flatMap((kind) => Object.keys(kind.properties)));
  t.same(Object.keys(configure?.params.properties ?? {}).filter((name) => name !== 'mssp' && name !== 'id').sort(), [...known].sort());
  t.end();
});
