import { chownSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { lockState } from '../../src/daemon/state-locks.js';
import { silentLogger } from '../fixtures/logger.js';

const OTHER_UID = 12345;

t.test('root starts no daemon in the state of another user\'s', { skip: process.getuid?.() === 0 ? false : 'only root is refused' }, async (t) => {
  const stateDir = t.testdir({ 'installation.json': '{}' });
  const paths = { stateDir, tenantsFile: join(stateDir, 'tenants.json') };
  const own = await lockState(paths, {}, silentLogger);
  await own.release();
  chownSync(join(stateDir, 'installation.json'), OTHER_UID, OTHER_UID);
  const before = readdirSync(stateDir);
  await t.rejects(lockState(paths, {}, silentLogger), { code: 'STATE_UNWRITABLE', message: /belongs to the daemon of user 12345: start it as that user/ });
  t.same(readdirSync(stateDir), before, 'nothing is left there');
  chownSync(stateDir, OTHER_UID, OTHER_UID);
  chownSync(join(stateDir, 'installation.json'), 0, 0);
  await (await lockState(paths, {}, silentLogger)).release();
  t.pass('a folder of another user that root has used before, like a volume of a container, is taken');
});
