import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { fakeDaemon, raxed, UNSAFE } from './fake-daemon.js';

const SUPPRESSION = { rule: 'pi-001', mssp_id: 'm', customer_id: 'c', reason: 'no\u001b[2Jise', expires: '2026-05-08T00:00:00.000Z', expired: false, managed_by: 'ctl' };

t.test('ctl rules suppress, unsuppress and suppressions', async (t) => {
  const { socket, calls } = await fakeDaemon(t, {
    'rules.suppress': SUPPRESSION, 'rules.unsuppress': { rule: 'hc-*' },
    'rules.suppressions': { suppressions: [SUPPRESSION, { rule: 'hc-*', expires: '2026-01-01T00:00:00Z', expired: true, managed_by: 'file' }] },
  });
  t.same(await raxed(['ctl', 'rules', 'suppress', 'pi-001', '--mssp', 'm', '--customer', 'c', '--reason', 'noise', '--expires', '7d', '--socket', socket]), {
    code: 0, err: '', out: '✓ Suppressed \'pi-001\'\n\n  For: m/c\n  Until: 2026-05-08T00:00:00.000Z\n',
  });
  t.same(await raxed(['ctl', 'rules', 'unsuppress', 'hc-*', '--socket', socket]), { code: 0, err: '', out: '✓ Reporting \'hc-*\' again\n\n  For: all customers\n' });
  t.same(calls.map(({ params }) => params), [{ id: 'pi-001', mssp: 'm', customer: 'c', reason: 'noise', expires: '7d' }, { id: 'hc-*' }]);
  const shown = await raxed(['ctl', 'rules', 'suppressions', '--socket', socket]);
  t.match(shown.out, /pi-001 +m\/c +2026-05-08T00:00:00\.000Z +\S+ +ctl\nhc-\* +all customers +2026-01-01T00:00:00Z \(expired\) +– +file\n$/);
  t.notMatch(shown.out, UNSAFE);
  t.same(JSON.parse((await raxed(['ctl', 'rules', 'suppressions', '--json', '--socket', socket])).out), { suppressions: [SUPPRESSION, { rule: 'hc-*', expires: '2026-01-01T00:00:00Z', expired: true, managed_by: 'file' }] });
  const none = await fakeDaemon(t, { 'rules.suppressions': { suppressions: [] } });
  t.equal((await raxed(['ctl', 'rules', 'suppressions', '--socket', none.socket])).out, 'Every rule is reported.\n');
});

t.test('bad input of ctl rules is refused', async (t) => {
  const { socket, calls } = await fakeDaemon(t, { 'rules.suppress': SUPPRESSION });
  for (const argv of [[], ['a b'], ['pi-*-1'], ['../x'], ['pi-001', '--customer', 'a/b'], ['pi-001', '--reason', 'a\nb'], ['pi-001', '--expire', '7d']]) {
    t.equal((await raxed(['ctl', 'rules', 'suppress', ...argv, '--socket', socket])).code, 2, argv.join(' '));
  }
  t.same(calls, []);
});

t.test('a customer\'s limits are set, set back and shown', async (t) => {
  const customer = {
    mssp_id: 'm', id: 'c', name: 'See', data_mode: 'privacy_safe', data_fields: [], retention_days: 30, heartbeat_threshold_seconds: 300, webhook_url: null, siem: [], managed_by: 'ctl',
    threat_at: 'high', block_at: 'never', l2: { enabled: false, threshold: { prompt: 0.9, rag_context: null } },
  };
  const { socket, calls } = await fakeDaemon(t, { 'customer.configure': customer });
  const configure = (...argv: string[]): ReturnType<typeof raxed> => raxed(['customer', 'configure', 'c', '--mssp', 'm', ...argv, '--socket', socket]);
  t.match((await configure('--threat-at', 'high', '--block-at', 'never', '--l2', 'off', '--l2-threshold', 'prompt=0.9,tool_calls=1')).out, /Threat at: high\n {2}Block at: never\n {2}L2: off\n {2}L2 threshold: prompt=0\.9\n/);
  await configure('--threat-at', 'default', '--block-at', 'default', '--l2', 'default', '--l2-threshold', 'default');
  await configure('--l2', 'on', '--l2-threshold', '0.75');
  t.same(calls.map(({ params }) => params), [
    { mssp: 'm', id: 'c', threat_at: 'high', block_at: 'never', l2_enabled: false, l2_threshold: { prompt: 0.9, tool_calls: 1 } },
    { mssp: 'm', id: 'c', threat_at: null, block_at: null, l2_enabled: null, l2_threshold: null },
    { mssp: 'm', id: 'c', l2_enabled: true, l2_threshold: 0.75 },
  ]);
  for (const argv of [['--threat-at', 'none'], ['--threat-at', 'never'], ['--l2', 'maybe']]) {
    t.equal((await configure(...argv)).code, 2, argv.join(' '));
  }
  for (const [threshold, said] of [
    ['1.5', /: --l2-threshold takes a probability from 0 to 1, such as 0\.9\. /], ['-0.1', /from 0 to 1/], ['much', /from 0 to 1/], ['', /from 0 to 1/],
    ['prompt=', /: --l2-threshold: prompt takes a probability from 0 to 1, such as 0\.9\. /], ['prompt=0.5,response=2', /--l2-threshold: response takes a probability from 0 to 1/],
    ['promt=0.5', /: --l2-threshold takes one probability for all channels, or some of prompt, rag_context, tool_calls, response as in prompt=0\.9,rag_context=0\.8\. /],
    ['prompt=0.5=0.6', /some of prompt, rag_context/], ['prompt=0.5,prompt=0.6', /names a channel twice/],
  ] as const) {
    const refused = await configure('--l2-threshold', threshold);
    t.match(refused, { code: 2, err: said });
    if (threshold.length > 4) t.notMatch(refused.err, threshold, 'what was given is not said');
  }
  t.equal(calls.length, 3);
});

t.test('rules test judges a text in a channel', async (t) => {
  const file = join(t.testdir(), 'own.yaml');
  writeFileSync(file, "{ rule_id: own-001, family: CUSTOM, name: n, severity: high, patterns: ['^stop here$'], sources: [tool_results, prompt], severity_in: { prompt: low } }");
  const test = (...argv: string[]): ReturnType<typeof raxed> => raxed(['rules', 'test', 'own-001', 'stop here', '--rules', file, '--json', ...argv]);
  t.match(JSON.parse((await test()).out), { detections: [{ severity: 'high', source: 'tool_calls' }] }, 'the first that it names');
  t.match(JSON.parse((await test('--channel', 'prompt')).out), { detections: [{ severity: 'low', source: 'prompt' }] });
  t.match(JSON.parse((await test('--channel', 'rag_context')).out), { detections: [] });
  t.equal((await test('--channel', 'tool_calls')).code, 2);
});
