import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { DataField, ScanIdentity } from '../../src/event/event.js';
import { DATA_FIELDS, promptHash, promptLength, scanEvent } from '../../src/event/event.js';
import type { FilteredEvent, PrivacyPolicy } from '../../src/event/privacy.js';
import { applyPrivacy, decodeEvent, encodeEvent, fieldsCarried, isStricter, narrowEvent, withoutText } from '../../src/event/privacy.js';
import type { Detection, ScanTexts, Verdict } from '../../src/scanner/verdict.js';
import { createUlid } from '../../src/ulid.js';

const identity: ScanIdentity = {
  mssp_id: 'mssp_yourcompany', customer_id: 'cust_acme', agent_id: 'agent_prod_001', entry_point: 'sdk',
  agent: { version: '0.1.0', platform: 'linux', integration: 'langchain' },
};
const texts: ScanTexts = {
  prompt: 'CANARY-PROMPT ignore all', response: 'CANARY-RESPONSE', system_prompt: 'CANARY-SYSTEM',
  rag_context: 'CANARY-RAG', tool_calls: [{ name: 'search', args: { q: 'CANARY-TOOL' } }],
};
const at = { now: 1_769_769_000_000, id: 'evt_01KG6ZZZZZZZZZZZZZZZZZZZZZ' };

function detection(change: Partial<Detection> = {}): Detection {
  return { rule_id: 'pi-001', name: 'Override', family: 'PI', severity: 'critical', confidence: 0.9, source: 'prompt', span: [14, 24], layer: 'l1', ...change };
}

function verdict(detections: readonly Detection[] = [detection()]): Verdict {
  return {
    threat_detected: detections.length > 0, action_taken: 'allow', highest_severity: 'critical', detections,
    l1: { hit: detections.length > 0, duration_ms: 0.05, detection_count: detections.length, highest_severity: 'critical', families: ['PI'] },
    l2: { enabled: false, hit: false }, scan_duration_ms: 0.084,
  };
}

function policy(change: Partial<PrivacyPolicy> = {}): PrivacyPolicy {
  return { customerName: 'Acme Corporation', dataMode: 'full', dataFields: [], scanResponses: true, ...change };
}

function made(change: Partial<PrivacyPolicy> = {}, given: ScanTexts = texts, said: Verdict = verdict()): FilteredEvent {
  return applyPrivacy(policy(change), scanEvent(identity, given, said, at));
}

function dataOf(event: FilteredEvent): object | undefined {
  return event.event_type === 'scan' ? event.payload._mssp_data : undefined;
}

t.test('the hash and the length of a prompt are those of its UTF-8 and its code points', (t) => {
  t.equal(promptHash('Ignore all previous instructions'), 'sha256:2847bd141d1ca1b6d8f0f4badfde24547b96cbfa7c11f6fc6c2bedd05f057e52', 'P1');
  t.equal(promptLength('Ignore all previous instructions'), 32, 'P1');
  t.equal(promptHash(''), 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 'P2');
  t.equal(promptLength(''), 0, 'P2');
  t.equal(promptHash('👋'), 'sha256:1d0452e3d194cc7950909b578c611d5ad4cd15105c6aeefc38ce213240ffc457', 'P3');
  t.equal(promptLength('👋'), 1, 'P3');
  t.not(promptHash('e\u0301'), promptHash('é'), 'P4: no normalisation');
  t.equal(promptLength('e\u0301'), 2, 'P4');
  t.equal(promptHash('a\ud800b'), promptHash('a\ufffdb'), 'a lone surrogate counts as U+FFFD');
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => promptLength(text) === [...text].length), { numRuns: 500 });
  t.end();
});

t.test('an event has the envelope and the fields of the wire, in their order (P15)', (t) => {
  const event = made({ dataFields: ['prompt'] });
  t.same(Object.keys(event), ['event_type', 'event_id', 'timestamp', 'payload']);
  t.equal(event.timestamp, '2026-01-30T10:30:00.000Z');
  t.same(Object.keys(event.payload), [
    'prompt_hash', 'prompt_length', 'threat_detected', 'scan_duration_ms', 'action_taken', 'entry_point',
    'mssp_id', 'customer_id', 'agent_id', '_mssp_context', '_mssp_data', 'agent', 'l1', 'l2',
  ]);
  t.match(event.payload, {
    _mssp_context: { mssp_id: 'mssp_yourcompany', customer_id: 'cust_acme', customer_name: 'Acme Corporation', data_mode: 'full', data_fields: ['prompt'] },
    l1: { detections: [{ rule_id: 'pi-001', family: 'PI', severity: 'critical', confidence: 0.9 }] },
  });
  t.end();
});

t.test('privacy_safe drops every text, whatever data_fields say (P5, P11)', (t) => {
  for (const dataFields of [[], ['prompt']] as DataField[][]) {
    const event = made({ dataMode: 'privacy_safe', dataFields });
    const bytes = Buffer.from(encodeEvent(event)).toString();
    t.notMatch(bytes, /CANARY|_mssp_data|prompt_text|matched_text|data_fields/);
    t.match(bytes, /"data_mode":"privacy_safe"/);
    t.same(fieldsCarried(event), []);
  }
  t.end();
});

t.test('full sends exactly the fields that data_fields allows (P6, P7, P8, P9)', (t) => {
  const keys = { prompt: 'prompt_text', matched_text: 'matched_text', response: 'response_text', system_prompt: 'system_prompt', tool_calls: 'tool_calls', rag_context: 'rag_context' };
  for (const field of DATA_FIELDS) {
    const event = made({ dataFields: [field] });
    t.same(Object.keys(dataOf(event) ?? {}), [keys[field]], field);
    t.same(fieldsCarried(event), [field]);
  }
  t.same(Object.keys(dataOf(made()) ?? {}).sort(), Object.values(keys).sort(), 'P8: an empty list allows all');
  t.equal(dataOf(made({ dataFields: ['response'] }, { prompt: 'x' })), undefined, 'P9: nothing to send, no block');
  t.equal(dataOf(made({ dataFields: ['response'], scanResponses: false })), undefined, 'a response needs scan_responses');
  t.end();
});

t.test('matched texts are unique and in the order of their first appearance (P10)', (t) => {
  const event = made({ dataFields: ['matched_text'] }, texts, verdict([
    detection(), detection({ rule_id: 'pi-002' }),
    detection({ rule_id: 'pi-003', source: 'rag_context', span: [0, 6] }),
    detection({ rule_id: 'tool-001', source: 'tool_calls', span: [3, 7] }),
  ]));
  t.same(dataOf(event), { matched_text: ['ignore all', 'CANARY', 'name'] });
  t.end();
});

t.test('a scan that did not end in time says so, and what stands nowhere matches no text', (t) => {
  const event = made({ dataFields: ['matched_text'] }, texts, { ...verdict([detection({ rule_id: 'scan-incomplete', family: 'ENC', span: [0, 0] })]), incomplete: true });
  t.match(event.payload, { incomplete: true, l1: { detections: [{ rule_id: 'scan-incomplete' }] } });
  t.equal(dataOf(event), undefined);
  t.equal('incomplete' in made().payload, false);
  t.end();
});

t.test('ten detections travel, all are counted (P12), and L2 ones stay out of l1 (P14)', (t) => {
  const many = Array.from({ length: 12 }, (_, i) => detection({ rule_id: `pi-${i}` }));
  t.match(made({}, texts, verdict(many)).payload, { l1: { detection_count: 12 } });
  const event = made({}, texts, verdict(many));
  t.equal(event.event_type === 'scan' && event.payload.l1.detections.length, 10);
  const l2Only = made({}, texts, { ...verdict([detection({ layer: 'l2', rule_id: 'l2-prompt_injection' })]), l1: { hit: false, duration_ms: 0, detection_count: 0, highest_severity: 'none', families: [] } });
  t.match(l2Only.payload, { threat_detected: true, l1: { hit: false, detections: [] } });
  t.end();
});

t.test('a lone surrogate in a text survives encoding and decoding as JSON (P17)', (t) => {
  const event = made({ dataFields: ['prompt'] }, { prompt: 'a\ud800b' });
  t.same(decodeEvent(encodeEvent(event)), event);
  t.throws(() => decodeEvent(Buffer.from('{"event_type":"scan"}')), SyntaxError);
  t.throws(() => decodeEvent(Buffer.from('nonsense')), SyntaxError);
  t.end();
});

t.test('narrowing applies the stricter of then and now and never widens', (t) => {
  const fields = fc.subarray([...DATA_FIELDS]);
  const mode = fc.constantFrom('full' as const, 'privacy_safe' as const);
  fc.assert(fc.property(fields, mode, fields, mode, fields, (then, thenMode, now, nowMode, later) => {
    const event = made({ dataFields: then, dataMode: thenMode });
    const narrowed = narrowEvent({ dataFields: now, dataMode: nowMode }, event);
    const allows = (list: DataField[], field: DataField): boolean => list.length === 0 || list.includes(field);
    const expected = thenMode === 'privacy_safe' || nowMode === 'privacy_safe' ? [] : DATA_FIELDS.filter((f) => allows(then, f) && allows(now, f));
    assert.deepEqual(fieldsCarried(narrowed), expected);
    if (nowMode === 'privacy_safe') assert.doesNotMatch(Buffer.from(encodeEvent(narrowed)).toString(), /CANARY/);
    assert.deepEqual(fieldsCarried(narrowEvent({ dataFields: [], dataMode: 'full' }, narrowed)), expected, 'made looser: nothing comes back');
    const stricter = isStricter({ dataFields: now, dataMode: nowMode }, { dataFields: then, dataMode: thenMode });
    assert.equal(stricter, thenMode === 'full' && (nowMode === 'privacy_safe' || DATA_FIELDS.some((f) => allows(then, f) && !allows(now, f))));
    const again = narrowEvent({ dataFields: later, dataMode: 'full' }, narrowed);
    assert.deepEqual(fieldsCarried(again), expected.filter((f) => allows(later, f)));
  }), { numRuns: 1000 });
  const event = made({ dataFields: ['prompt'] });
  t.equal(narrowEvent({ dataFields: ['prompt'], dataMode: 'full' }, event), event, 'unchanged: the same object, the same bytes');
  const test = withoutText({ event_type: 'test', event_id: 'evt_x', timestamp: event.timestamp, payload: { mssp_id: 'm', message: 'hello' } });
  t.equal(narrowEvent({ dataFields: [], dataMode: 'privacy_safe' }, test), test);
  t.end();
});

t.test('a change of an agent\'s status holds no text, and is sent under every policy as it was stored', (t) => {
  const event = withoutText({
    event_type: 'agent_status_change', event_id: 'evt_x', timestamp: '2026-01-30T10:30:00.000Z',
    payload: {
      agent_id: 'agent_001', mssp_id: 'mssp_yourcompany', customer_id: 'cust_acme', previous_status: 'unknown', new_status: 'online', reason: 'startup',
      agent: { version: '1.0.0', platform: 'linux', integration: 'langchain' },
    },
  });
  t.equal(Buffer.from(encodeEvent(event)).toString(), '{"event_type":"agent_status_change","event_id":"evt_x","timestamp":"2026-01-30T10:30:00.000Z","payload":'
    + '{"agent_id":"agent_001","mssp_id":"mssp_yourcompany","customer_id":"cust_acme","previous_status":"unknown","new_status":"online","reason":"startup",'
    + '"agent":{"version":"1.0.0","platform":"linux","integration":"langchain"}}}');
  t.same(decodeEvent(encodeEvent(event)), event);
  t.same(fieldsCarried(event), []);
  t.equal(narrowEvent({ dataFields: [], dataMode: 'privacy_safe' }, event), event);
  t.end();
});

t.test('a raw event and loose bytes cannot be stored: it does not compile', (t) => {
  const store = (_bytes: ReturnType<typeof encodeEvent>): void => {};
  const raw = scanEvent(identity, texts, verdict(), at);
  // @ts-expect-error a raw event has not passed the privacy filter
  t.ok(() => encodeEvent(raw));
  // @ts-expect-error bytes of unknown origin are not filtered bytes
  store(Buffer.from('text'));
  // @ts-expect-error an event must come from the filter
  t.ok(() => encodeEvent({ event_type: 'test', event_id: 'x', timestamp: 'x', payload: { mssp_id: 'm', message: 'x' } }));
  store(encodeEvent(applyPrivacy(policy(), raw)));
  t.end();
});

t.test('ULIDs rise strictly, whatever the clock does', (t) => {
  let now = 1_769_769_000_000;
  const steps = [0, 1, -5000, 0, 0, 70_000, -1];
  let i = 0;
  const next = createUlid({ now: () => { now += steps[i++ % steps.length] ?? 0; return now; } }, { bytes: (n) => new Uint8Array(n).fill(255) });
  let last = '';
  for (let n = 0; n < 1000; n++) {
    const id = next();
    assert.match(id, /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
    assert.ok(id > last);
    last = id;
  }
  t.equal(createUlid({ now: () => 1469918176385 }, { bytes: (n) => new Uint8Array(n) })(), '01ARYZ6S410000000000000000');
  t.end();
});
