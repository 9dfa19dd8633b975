import { lstat, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { auditKeyFile, readAuditKey } from '../../audit/key.js';
import { recentRecords } from '../../audit/recent.js';
import { showVerification, verifyAudit } from '../../audit/verify.js';
import { isThere } from '../../client/control-socket.js';
import { SYSTEM_CONFIG_FILE } from '../../config/paths.js';
import { showConfig } from '../../config/redact.js';
import { seeConfiguration } from '../../doctor/probes/configuration.js';
import { siteOf } from '../../doctor/site.js';
import { nodeSpoolFiles } from '../../platform/spool-files.js';
import { checkSpool } from '../../spool/check.js';
import type { Io } from '../io.js';
import { AUDIT_RECENT, AUDIT_VERIFY, CONFIG } from './daemon-parts.js';
import type { Content, Part } from './part.js';
import { firstLines, jsonContent } from './part.js';

/** What is found on the disk while no daemon answers. */
export interface Found {
  readonly stateDir: string;
  readonly config: Content;
}

const MAX_LISTED = 10_000;

/** The files of the daemon that does not answer: of the service where there is one, unless another configuration is named. */
export async function findFiles(configOption: string | undefined, io: Pick<Io, 'env' | 'home' | 'cwd'>): Promise<Found> {
  const site = siteOf({
    named: configOption === undefined ? undefined : resolve(io.cwd, configOption), shell: { env: io.env, home: io.home, cwd: io.cwd },
    unit: undefined, hasSystemFile: isThere(SYSTEM_CONFIG_FILE), processEnv: undefined,
  });
  const { read, effective, paths } = await seeConfiguration(site.paths, site.env);
  // Redacted, or not at all.
  return { stateDir: paths.stateDir, config: jsonContent(effective === undefined ? { ...read, config: undefined } : showConfig(effective.config, paths)) };
}

/** What the files say in place of the daemon. */
export function standInParts({ stateDir, config }: Found): Part[] {
  const folder = join(stateDir, 'audit');
  return [
    { ...CONFIG, gather: () => Promise.resolve(config) },
    { ...AUDIT_RECENT, gather: async (signal) => jsonContent(await recentRecords({ folder, limit: AUDIT_RECENT.limit, signal }, nodeSpoolFiles)) },
    {
      ...AUDIT_VERIFY,
      async gather(signal) {
        const key = await readAuditKey(auditKeyFile(folder), nodeSpoolFiles);
        return jsonContent(showVerification(await verifyAudit({ folder, key, signal }, nodeSpoolFiles), key));
      },
    },
  ];
}

/** What is read from the state folder, with a daemon and without. */
export function stateParts(stateDir: string): Part[] {
  return [
    {
      name: 'spool-check.json', about: 'spool check: what is in the spool\'s files, and whether something is damaged',
      gather: async (signal) => jsonContent(await checkSpool(join(stateDir, 'spool'), nodeSpoolFiles, signal)),
    },
    { name: 'state-files.txt', about: 'the files of the state folder with mode, owner, size and time; nothing of their contents', gather: (signal) => listing(stateDir, signal) },
  ];
}

async function listing(folder: string, signal: AbortSignal): Promise<Content> {
  const names = (await readdir(folder, { recursive: true })).sort();
  const lines: string[] = [`${folder}: ${names.length} files and folders\n`];
  for (const name of ['.', ...names.slice(0, MAX_LISTED)]) {
    signal.throwIfAborted();
    // A running daemon deletes what was delivered.
    const found = await lstat(join(folder, name)).catch(() => undefined);
    if (found === undefined) continue;
    const mode = (found.mode & 0o7777).toString(8).padStart(4, '0');
    lines.push(`${mode} ${found.uid}:${found.gid} ${String(found.size).padStart(11)} ${found.mtime.toISOString()} ${name}${found.isDirectory() ? '/' : ''}\n`);
  }
  const content = firstLines(lines.join(''));
  return 'text' in content && names.length > MAX_LISTED ? { ...content, cut: `the first ${MAX_LISTED} of ${names.length} files` } : content;
}
