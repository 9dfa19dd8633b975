import { execFileSync } from 'node:child_process';
import { nodeSpoolFiles } from '../../src/platform/spool-files.js';
import { openTenantsStore } from '../../src/tenants/store.js';
import { NO_TENANTS } from '../../src/tenants/tenants.js';
import { silentLogger } from '../fixtures/logger.js';
import { numbered, numberOf } from './numbered.js';

/**
 * A process that writes to the store of `tenants.json` until it is killed: each write one number higher than the last,
 * which it prints when it is acknowledged. With a limit on the size of files (bytes) it prints what one write says.
 */
const [path = '', limit] = process.argv.slice(2);
const store = await openTenantsStore(path, { files: nodeSpoolFiles, logger: silentLogger, availableSiem: [] });
if (limit !== undefined) {
  await store.write(NO_TENANTS);
  // What a full disk does not send.
  process.on('SIGXFSZ', () => undefined);
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${limit}:`]);
  console.log(await store.write(numbered(1)).then(() => 'written', String));
} else {
  for (let n = numberOf(store.read()) + 1; ; n++) {
    await store.write(numbered(n));
    console.log(n);
  }
}
