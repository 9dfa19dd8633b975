import t from 'tap';
import { runRaxed } from '../fixtures/daemon.js';

t.test('the demo sees every step work, and ends by itself', async (t) => {
  const { code, stdout, stderr } = await runRaxed(['demo', '--once']);
  t.equal(code, 0, stdout);
  t.notMatch(stdout, /✗/);
  t.equal(stderr, '');
});
