import t from 'tap';
import { OpenFiles } from '../../src/spool/open-files.js';
import { FaultyFiles } from '../fixtures/faulty-files.js';

const BYTES = Buffer.from('0123456789');

async function folderOf(count: number): Promise<{ disk: FaultyFiles; paths: string[] }> {
  const disk = new FaultyFiles();
  await disk.mkdir('/f');
  const paths = Array.from({ length: count }, (_, i) => `/f/${i}`);
  for (const path of paths) {
    const file = await disk.open(path, 'create');
    await file.write([BYTES], 0);
    await file.close();
  }
  return { disk, paths };
}

void t.test('twenty files are read at once with three descriptors', async (t) => {
  const { disk, paths } = await folderOf(20);
  const files = new OpenFiles(disk, 3);
  const open = await Promise.all(paths.map((path) => files.open(path, 'read')));
  const buffers = await Promise.all(open.flatMap((file) => [0, 5].map(async (position) => {
    const buffer = Buffer.alloc(2);
    await file.read(buffer, position);
    return buffer.toString();
  })));
  t.same(buffers, paths.flatMap(() => ['01', '56']));
  t.ok(disk.mostDescriptors <= 3, `${disk.mostDescriptors} descriptors`);
  await Promise.all(open.map((file) => file.close()));
  t.equal(disk.descriptors, 0);
  await t.rejects(async () => open[0]?.size(), { code: 'EBADF' });
});

void t.test('a file with bytes that are not synced keeps its descriptor, whoever else needs one', async (t) => {
  const { disk, paths: [a = '', b = '', c = ''] } = await folderOf(3);
  const files = new OpenFiles(disk, 2);
  const written = await files.open(a, 'write');
  await written.write([Buffer.from('x')], 0);
  const opened: string[] = [];
  disk.onCall = (op, path) => { if (op === 'open') opened.push(path); return undefined; };
  const others = [await files.open(b, 'read'), await files.open(c, 'read')];
  for (const other of [...others, ...others]) await other.size();
  await written.datasync();
  t.notOk(opened.includes(a));
  t.ok(opened.length > 2, 'the others took turns');
  await Promise.all(others.map((file) => file.size()));
  t.equal(disk.mostDescriptors, 2);
  await written.write([Buffer.from('y')], 1);
  t.equal(await written.size(), BYTES.length);
  t.equal(disk.snapshot().get(a)?.toString(), 'xy23456789', 'it is opened again, and not emptied');
});

void t.test('who waits for a descriptor gets one when another file is closed, when it cannot be opened, and when a folder was synced', async (t) => {
  const { disk, paths: [a = '', b = ''] } = await folderOf(2);
  const files = new OpenFiles(disk, 1);
  const written = await files.open(a, 'write');
  await written.write([Buffer.from('x')], 0);
  const waiting = [files.open('/f/none', 'read').catch((error: unknown) => error), files.syncFolder('/f'), files.open(b, 'read')];
  await written.close();
  const [missing, , opened] = await Promise.all(waiting);
  t.match(missing, { code: 'ENOENT' });
  t.ok(opened);
  t.equal(disk.mostDescriptors, 1);
});

void t.test('a file that is deleted or replaced is let go, also by those who hold it open', async (t) => {
  const { disk, paths: [a = '', b = ''] } = await folderOf(2);
  const files = new OpenFiles(disk, 4);
  const [first, second] = [await files.open(a, 'read'), await files.open(b, 'read')];
  const reading = first.read(Buffer.alloc(4), 0);
  await files.unlink(a);
  await reading;
  t.equal(disk.descriptors, 1, 'after the read that was under way');
  await t.rejects(first.size(), { code: 'ENOENT' });
  await (await files.open('/f/new', 'create')).close();
  await files.rename('/f/new', b);
  t.equal(await second.size(), 0, 'what is there now is read');
  await Promise.all([first.close(), second.close()]);
  t.equal(disk.descriptors, 0);
});
