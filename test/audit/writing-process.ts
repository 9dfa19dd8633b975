import { parseArgs } from 'node:util';
import { openAuditLog } from '../../src/audit/log.js';
import { nodeClock, nodeRandom } from '../../src/platform/node.js';
import { nodeSpoolFiles } from '../../src/platform/spool-files.js';
import { silentLogger } from '../fixtures/logger.js';
import { OUTCOME, auditIds } from './log-folder.js';

/** Another process that writes bursts to the log in `--folder`, with rotation and cleanup, until its standard input ends. */
const { values: { folder = '' } } = parseArgs({ options: { folder: { type: 'string' } } });
const log = await openAuditLog(
  { folder, maxFileBytes: 8_000, maxBytes: 60_000, retentionDays: 90 },
  { files: nodeSpoolFiles, clock: nodeClock, random: nodeRandom, logger: silentLogger, spend: (write) => write(), ulid: auditIds(nodeClock) },
);
await log.outcome(OUTCOME);
process.stdout.write('writing\n');
let ended = false;
process.stdin.on('end', () => { ended = true; }).resume();
while (!ended) await Promise.all(Array.from({ length: 1 + Math.floor(Math.random() * 30) }, () => log.outcome(OUTCOME)));
await log.close();
