import assert from 'node:assert';
import fc from 'fast-check';
import t from 'tap';
import type { Exposition } from '../../src/metrics/exposition.js';
import { createExposition, labels } from '../../src/metrics/exposition.js';
import { createHistogram } from '../../src/metrics/histogram.js';
import { fallen, parseExposition } from '../fixtures/exposition.js';

function written(write: (out: Exposition) => void): string {
  const out = createExposition();
  write(out);
  return out.bytes().toString();
}

t.test('metrics are written as the format wants them, byte by byte', (t) => {
  const seconds = createHistogram([0.001, 0.5]);
  for (const value of [0.000_5, 0.001, 0.25, 7]) seconds.observe(value);
  t.equal(written((out) => {
    out.counter('a_total', 'A \\ and\na line.', 3);
    out.gauge('b', 'B.', [['', 1], [labels({ x: 'a"b', y: 'c\\d\ne' }), -0.5]]);
    out.gauge('c', 'C.', [[labels({ v: 'NaN' }), NaN], [labels({ v: 'up' }), Infinity], [labels({ v: 'down' }), -Infinity]]);
    out.gauge('d', 'Nothing.', []);
    out.stateSet('e', 'E.', { states: ['on', 'off'], of: [['', 'off'], [labels({ id: '1' }), 'on']] });
    out.histogram('f_seconds', 'F.', seconds.view());
  }), [
    '# HELP a_total A \\\\ and\\na line.', '# TYPE a_total counter', 'a_total 3',
    '# HELP b B.', '# TYPE b gauge', 'b 1', 'b{x="a\\"b",y="c\\\\d\\ne"} -0.5',
    '# HELP c C.', '# TYPE c gauge', 'c{v="NaN"} NaN', 'c{v="up"} +Inf', 'c{v="down"} -Inf',
    '# HELP d Nothing.', '# TYPE d gauge',
    '# HELP e E.', '# TYPE e gauge', 'e{state="on"} 0', 'e{state="off"} 1', 'e{id="1",state="on"} 1', 'e{id="1",state="off"} 0',
    '# HELP f_seconds F.', '# TYPE f_seconds histogram',
    'f_seconds_bucket{le="0.001"} 2', 'f_seconds_bucket{le="0.5"} 3', 'f_seconds_bucket{le="+Inf"} 4', 'f_seconds_sum 7.2515', 'f_seconds_count 4', '',
  ].join('\n'));
  t.end();
});

t.test('whatever a label, a help or a value is, it is read back as it was', (t) => {
  const nasty = fc.string({ unit: fc.oneof(fc.constantFrom('\\', '"', '\n', '{', '}', ',', '=', ' ', '#', '\r', 'n'), fc.string({ minLength: 1, maxLength: 1, unit: 'binary' })) });
  fc.assert(fc.property(fc.array(fc.tuple(nasty, fc.double()), { maxLength: 5 }), nasty.map((help) => `h${help}`), (samples, help) => {
    const distinct = [...new Map(samples)];
    const read = parseExposition(written((out) => { out.gauge('g', help, distinct.map(([value, number]) => [labels({ first: value, second: `${value}"` }), number] as const)); }));
    assert.deepEqual([...read.helps.values()], [help]);
    assert.deepEqual(read.samples.map((sample) => [sample.labels['first'], sample.labels['second'], sample.value]), distinct.map(([value, number]) => [value, `${value}"`, Object.is(number, -0) ? 0 : number]));
  }));
  t.end();
});

t.test('of very many samples none is lost or cut, wherever the bytes are put together', (t) => {
  fc.assert(fc.property(fc.array(fc.constantFrom('é', 'a', '🎉', '"'), { minLength: 1, maxLength: 9 }).map((parts) => parts.join('')), (id) => {
    const samples = Array.from({ length: 5000 }, (_, value) => [labels({ id: `${id}${value}` }), value] as const);
    const read = parseExposition(written((out) => { out.gauge('g', 'G.', samples); }));
    assert.deepEqual(read.samples.map((sample) => [sample.labels['id'], sample.value]), samples.map(([, value]) => [`${id}${value}`, value]));
  }), { numRuns: 5 });
  t.end();
});

t.test('a histogram counts every observation once, in the first bucket that holds it', (t) => {
  fc.assert(fc.property(fc.array(fc.double({ min: 0, max: 20, noNaN: true })), (observed) => {
    const seconds = createHistogram();
    for (const value of observed) seconds.observe(value);
    const read = parseExposition(written((out) => { out.histogram('h_seconds', 'H.', seconds.view()); }));
    assert.equal(read.value('h_seconds_count'), observed.length);
    for (const { name, labels: { le = '' }, value } of read.samples) {
      if (name === 'h_seconds_bucket') assert.equal(value, observed.filter((each) => each <= Number(le.replace('+Inf', 'Infinity'))).length);
    }
    assert.ok(Math.abs((read.value('h_seconds_sum') ?? NaN) - observed.reduce((sum, value) => sum + value, 0)) < 1e-6);
  }));
  const view = createHistogram().view();
  t.same([view.bounds[0], view.bounds.at(-1)], [0.000_025, 10]);
  t.end();
});

t.test('the reader of the tests refuses what is not the format', (t) => {
  const good = written((out) => {
    out.counter('a_total', 'A.', [[labels({ x: '1' }), 1]]);
    out.histogram('h', 'H.', { bounds: [1], counts: [1, 1], sum: 3 });
  });
  t.equal(parseExposition(good).value('a_total', { x: '1' }), 1);
  const broken: Record<string, string> = {
    'no line feed at the end': good.slice(0, -1), 'an empty line': `${good}\n`, 'no type': 'a 1\n', 'a second type': `${good}# TYPE a_total counter\n`,
    'type after the sample': 'a_total 1\n# HELP a_total A.\n# TYPE a_total counter\n', 'a second sample': good.replace('a_total{x="1"} 1\n', 'a_total{x="1"} 1\na_total{x="1"} 2\n'),
    'an unescaped quote': good.replace('x="1"', 'x="""'), 'a bad escape': good.replace('x="1"', 'x="\\t"'), 'a label twice': good.replace('x="1"', 'x="1",x="2"'),
    'a counter without _total': good.replaceAll('a_total', 'a'), 'buckets that fall': good.replace('_bucket{le="1"} 1', '_bucket{le="1"} 3'),
    'no +Inf': good.replace('h_bucket{le="+Inf"} 2\n', ''), 'another count': good.replace('h_count 2', 'h_count 3'), 'no number': good.replace('h_sum 3', 'h_sum three'),
    'a bad name': good.replaceAll('a_total', '1_total'), 'milliseconds': written((out) => { out.gauge('x_milliseconds', 'X.', 1); }), 'a reserved label': good.replace('x="1"', '__x="1"'),
  };
  for (const [what, text] of Object.entries(broken)) t.throws(() => parseExposition(text), what);
  t.same(fallen(parseExposition(good), parseExposition(good.replace('"} 1\n', '"} 0\n'))).length, 1);
  t.same(fallen(parseExposition(good), parseExposition(good)), []);
  t.end();
});
