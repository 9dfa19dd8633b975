import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { escapeExtension, escapeHeader, formatCef, type CefOptions } from '../../src/outputs/cef.js';
import { meaningOfStatus } from '../../src/outputs/status.js';
import { sampleScan } from '../fixtures/events.js';
import { parseCef } from '../fixtures/cef-parser.js';

/**
 * The worked cases of CEF that have no other home, and the list of all cases of the outputs: each id begins a test's name.
 * CEF: https://www.microfocus.com/documentation/arcsight/arcsight-smartconnectors-8.3/cef-implementation-standard/Content/CEF/Chapter%201%20What%20is%20CEF.htm
 */
const CEF: CefOptions = { mode: 'strict', deviceVendor: 'RAXE', deviceProduct: 'ThreatDetection', version: '0.10.0', installationId: 'inst_abc123' };
const extension = (options: Parameters<typeof sampleScan>[0], cef = CEF): Readonly<Record<string, string>> => parseCef(formatCef(sampleScan(options), cef)).extension;

t.test('C1, C2, C3, C4, C5: a header escapes backslash and pipe, nothing else, and is one line', (t) => {
  for (const [value, hex] of [['a|b', '615c7c62'], ['a\\b', '615c5c62'], ['a\\|b', '615c5c5c7c62'], ['a=b', '613d62'], ['a\r\nb', '612062']] as const) {
    t.equal(Buffer.from(escapeHeader(value)).toString('hex'), hex);
  }
  t.end();
});

t.test('C6, C7, C8: an extension escapes backslash, equals sign and line ends, never a pipe', (t) => {
  for (const [value, escaped] of [['a=b', 'a\\=b'], ['a|b', 'a|b'], ['a\\b', 'a\\\\b'], ['l1\nl2', 'l1\\nl2'], ['l1\r\nl2', 'l1\\r\\nl2'], ['\\n literal', '\\\\n literal']] as const) {
    t.equal(escapeExtension(value), escaped);
  }
  t.end();
});

t.test('C9, C10, C17: severities in any case, the seed\'s keys, and a threat of L2 alone', (t) => {
  for (const [severity, number] of [['none', '0'], ['LOW', '3'], ['MEDIUM', '5'], ['high', '7'], ['CRITICAL', '10']] as const) {
    t.equal(parseCef(formatCef(sampleScan({ detections: [{ severity: severity as 'low' }] }), CEF)).header[5], number);
  }
  t.match(extension({ action: 'block' }), { rt: '1769769000000', suser: 'agent_001', act: 'block', cs1Label: 'PromptHash', cn1: '32', cs2: 'pi-001', cs2Label: 'RuleIDs' });
  t.equal(parseCef(formatCef(sampleScan({ detections: [], l2: { enabled: true, hit: true } }), CEF)).header[5], '7');
  t.end();
});

t.test('C13, C14, C15, C18: src only where it is an address, no fraction in cn, no label without its value, rt in milliseconds', (t) => {
  t.match(extension({}), { src: undefined, deviceExternalId: 'inst_abc123', cfp1: '12.5', cfp1Label: 'ScanDurationMs', cn2: undefined });
  t.match(extension({}, { ...CEF, mode: 'compat' }), { src: 'inst_abc123', cn2: '13' });
  t.match(extension({ texts: { response: 'x' } }), { cs1: undefined, cs1Label: undefined });
  t.match(extension({ texts: { prompt: '' } }), { cn1: '0', cn1Label: 'PromptLength' });
  for (const iso of ['2026-01-30T10:30:00Z', '2026-01-30T16:00:00+05:30']) t.equal(extension({ time: Date.parse(iso) })['rt'], '1769769000000');
  t.end();
});

t.test('T11: a redirect is no delivery', (t) => {
  for (const status of [301, 302, 303, 307, 308]) t.match(meaningOfStatus(status), { kind: 'misconfigured' });
  t.end();
});

t.test('every case of the list has a test that begins with its id', (t) => {
  const names = ['outputs', 'e2e'].flatMap((room) => readdirSync(join(import.meta.dirname, '..', room)).filter((file) => file.endsWith('.test.ts'))
    .flatMap((file) => [...readFileSync(join(import.meta.dirname, '..', room, file), 'utf8').matchAll(/(?:test\('|, ')((?:[A-Z]\d+(?:, )?)+)(?::|')/g)].flatMap((found) => (found[1] ?? '').split(', '))));
  const ids = [['C', 19], ['K', 6], ['L', 3], ['S', 7]].flatMap(([letter, count]) => Array.from({ length: Number(count) }, (_, i) => `${letter}${i + 1}`));
  for (const id of [...ids, 'T11']) t.ok(names.includes(id), id);
  t.end();
});
