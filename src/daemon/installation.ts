import { join } from 'node:path';
import { readJsonFile, writeDurably } from '../platform/durable-file.js';
import type { Logger } from '../ports.js';

/** `inst_` and a ULID: made once, then kept in the state folder. A damaged file is replaced. */
export async function installationId(stateDir: string, ulid: () => string, logger: Logger): Promise<string> {
  const file = installationFile(stateDir);
  const kept = await readJsonFile(file).catch(() => undefined);
  if (typeof kept === 'object' && kept !== null && 'installation_id' in kept && typeof kept.installation_id === 'string' && /^inst_[0-9A-Z]{26}$/.test(kept.installation_id)) {
    return kept.installation_id;
  }
  const made = `inst_${ulid()}`;
  await writeDurably(file, `${JSON.stringify({ installation_id: made })}\n`).catch((error: unknown) => {
    logger.warn({ error }, 'the installation id could not be kept; the next start makes another');
  });
  return made;
}

/** The first file of a state folder. */
export function installationFile(stateDir: string): string {
  return join(stateDir, 'installation.json');
}
