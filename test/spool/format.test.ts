import t from 'tap';
import { RaxedError } from '../../src/errors.js';
import { CURSOR_FILE_BYTES, decodeSlot, encodeCursorFile, encodeSlot } from '../../src/spool/cursor-slot.js';
import { decodeDeadLetter, encodeDeadLetter } from '../../src/spool/dead-letter.js';
import { decodeKnown, encodeKnown } from '../../src/spool/known-destinations.js';
import { asideName, destinationAsFile, fileAsDestination, idAsFolder, parseAside, segmentBase, segmentName } from '../../src/spool/names.js';
import { decodeRecord, decodeSegmentHeader, encodedLength, encodeRecord, encodeSegmentHeader, findMarker, MAX_PAYLOAD_BYTES } from '../../src/spool/record.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
const TIME = 1_769_682_600_000;

function recordBytes(payload: Buffer): Buffer {
  const bytes = Buffer.alloc(encodedLength(payload));
  encodeRecord(bytes, 0, { seq: 258, time: TIME, payload });
  return bytes;
}

void t.test('the formats on disk are these bytes, in every release', (t) => {
  const header = hex('52585347 0100 0100 0201000000000000 40804d099c010000 01000000 03f96c4f');
  t.same(encodeSegmentHeader({ base: 258, created: TIME, flags: 1 }).toString('hex'), header.toString('hex'));
  t.same(decodeSegmentHeader(header), { kind: 'header', base: 258, created: TIME, flags: 1 });

  const record = hex('ff525800 941f5f6e 02000000 0201000000000000 40804d099c010000 7b7d');
  t.same(recordBytes(Buffer.from('{}')).toString('hex'), record.toString('hex'));
  t.match(decodeRecord(record, 0), { kind: 'record', seq: 258, time: TIME, end: 30 });

  const state = { generation: 7, position: 2 ** 32 + 3, done: [{ from: 2 ** 32 + 4, to: 2 ** 32 + 6 }, { from: 2 ** 32 + 8, to: 2 ** 32 + 208 }], lastSeen: TIME, logEnd: 2 ** 32 + 286 };
  const slot = hex('52584355 0200 0100 0700000000000000 0300000001000000 40804d099c010000 1e01000001000000 b75fe5ae 0500 0102 02c801 cec676d9');
  t.same(encodeSlot(state).toString('hex'), slot.toString('hex'));
  t.same(decodeSlot(slot), { kind: 'state', state });
  const file = encodeCursorFile(state);
  t.equal(file.length, CURSOR_FILE_BYTES);
  t.same([0, 512].map((offset) => decodeSlot(file.subarray(offset, offset + 512))).sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))),
    [{ kind: 'state', state: { ...state, generation: state.generation - 1 } }, { kind: 'state', state }]);
  const slotV1 = hex('52584355 0100 0100 0700000000000000 0300000001000000 40804d099c010000 0900000001000000 cf170c1a');
  t.same(decodeSlot(slotV1), { kind: 'state', state: { ...state, done: [], logEnd: 2 ** 32 + 9 } });

  const known = Buffer.concat([hex('52584b44 0100 0100'), Buffer.from('["siem","webhook"]'), hex('cb8e8299')]);
  t.same(encodeKnown(['siem', 'webhook']).toString('hex'), known.toString('hex'));
  t.same(decodeKnown(known), { kind: 'names', names: ['siem', 'webhook'] });

  const note = { seq: 5, time: 9, reason: { httpStatus: 400, message: 'answered 400', attempts: 1, at: 7 } };
  const letter = Buffer.concat([hex('5b000000'), Buffer.from('{"seq":5,"time":9,"reason":{"httpStatus":400,"message":"answered 400","attempts":1,"at":7}}{}')]);
  t.same(encodeDeadLetter(note, Buffer.from('{}')).toString('hex'), letter.toString('hex'));
  t.same(decodeDeadLetter(letter), { note, payload: Buffer.from('{}') });
  t.end();
});

void t.test('a record with any byte changed, or cut anywhere, is never taken for one', (t) => {
  const good = recordBytes(Buffer.from('{"event":"x"}'));
  for (let at = 0; at < good.length; at++) {
    for (const mask of [0x01, 0x80, 0xff]) {
      const bad = Buffer.from(good);
      bad.writeUInt8(bad.readUInt8(at) ^ mask, at);
      t.not(decodeRecord(bad, 0).kind, 'record', `byte ${at}, mask ${mask}`);
    }
    t.not(decodeRecord(good.subarray(0, at), 0).kind, 'record', `cut at ${at}`);
  }
  t.end();
});

void t.test('a length is bounded before anything is allocated for it', (t) => {
  const bytes = recordBytes(Buffer.from('{}'));
  bytes.writeUInt32LE(0xffff_ffff, 8);
  t.same(decodeRecord(bytes, 0), { kind: 'bad' });
  bytes.writeUInt32LE(MAX_PAYLOAD_BYTES + 1, 8);
  t.same(decodeRecord(bytes, 0), { kind: 'bad' });
  bytes.writeUInt32LE(MAX_PAYLOAD_BYTES, 8);
  t.same(decodeRecord(bytes, 0), { kind: 'short', needed: MAX_PAYLOAD_BYTES + 28 });
  t.end();
});

void t.test('a payload of text never holds the marker', (t) => {
  for (const text of ['\u00ffRX\u0000', '\udcffRX\u0000', '{"prompt":"\u00ff\u0052\u0058\u0000"}']) t.equal(findMarker(Buffer.from(text, 'utf8'), 0), -1);
  t.equal(findMarker(Buffer.concat([Buffer.from('abc'), recordBytes(Buffer.from('{}'))]), 0), 3);
  t.end();
});

void t.test('a header of a later version is told from a damaged one', (t) => {
  const header = encodeSegmentHeader({ base: 1, created: TIME, flags: 0 });
  t.same(decodeSegmentHeader(header.subarray(0, 31)), { kind: 'damaged' });
  const flipped = Buffer.from(header);
  flipped.writeUInt16LE(2, 6);
  t.same(decodeSegmentHeader(flipped), { kind: 'damaged' }, 'the version alone was changed: that is damage');
  t.end();
});

void t.test('ids and destinations never lead out of their folder', (t) => {
  for (const id of ['', '.', '..', '../x', 'a/b', 'a\\b', 'a\0b', '.hidden', 'x'.repeat(65), 'ü', 'a b', 'a\n']) {
    t.throws(() => idAsFolder(id), new RaxedError('BAD_REQUEST', 'an id must match [A-Za-z0-9][A-Za-z0-9_-]{0,63}'), JSON.stringify(id));
  }
  t.equal(idAsFolder('cust_acme-1'), 'cust_acme-1');
  for (const destination of ['webhook', '../../etc/passwd', '..', '.', 'soc syslog', 'Ünïcode', 'a/b', '%2e', 'a.cursor']) {
    const name = destinationAsFile(destination);
    t.match(name, /^[A-Za-z0-9_%-]+$/);
    t.equal(fileAsDestination(name), destination);
  }
  t.throws(() => destinationAsFile(''));
  t.throws(() => destinationAsFile('x'.repeat(65)));
  t.equal(fileAsDestination('%zz'), undefined);
  t.equal(fileAsDestination('a b'), undefined);
  t.equal(segmentName(258), '00000000000000000258.seg');
  t.equal(segmentBase(segmentName(258)), 258);
  t.equal(segmentBase('258.seg'), undefined);
  t.equal(segmentBase(`${'9'.repeat(20)}.seg`), undefined);
  const aside = asideName(segmentName(258), { timeMs: TIME, kind: 'bad', taken: new Set() });
  t.equal(aside, '00000000000000000258.1769682600000.bad');
  t.same(parseAside(aside), { timeMs: TIME, base: 258 });
  const second = asideName('a.cursor', { timeMs: 5, kind: 'newer', taken: new Set(['a.cursor.5.newer']) });
  t.equal(second, 'a.cursor.6.newer', 'what was set aside before is not overwritten');
  t.same(parseAside(second), { timeMs: 6, base: undefined });
  t.equal(parseAside(segmentName(258)), undefined);
  t.end();
});
