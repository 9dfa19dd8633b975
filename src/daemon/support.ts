import { createHash } from 'node:crypto';
import { showConfig } from '../config/redact.js';
import type { Paths } from '../config/paths.js';
import { PROTOCOL } from '../control/protocol.js';
import type { Generation } from './generation.js';
import type { DaemonLog } from '../ports.js';
import type { Ruleset } from '../scanner/ruleset.js';

export interface SupportDeps {
  readonly generation: () => Generation;
  readonly version: string;
  readonly logger: Pick<DaemonLog, 'recent'>;
  readonly paths: Paths;
}

/** What a support bundle holds that only the daemon knows and no other method says; no text, no secret. */
export function supportOf({ generation, version, logger, paths }: SupportDeps): object {
  const { config, ruleset, scanner } = generation();
  const { configFile, stateDir, tenantsFile, controlSocket, scanSocket } = paths;
  return {
    versions: {
      raxed: version, node: process.version, protocol: PROTOCOL,
      engine: ruleset.engine, rules: ruleset.size, rules_sha256: rulesDigest(ruleset), model: scanner.modelVersion ?? null,
    },
    pid: process.pid,
    places: { config_file: configFile, state_dir: stateDir, tenants_file: tenantsFile, control_socket: controlSocket, scan_socket: scanSocket },
    config: showConfig(config, paths),
    log: logger.recent(),
  };
}

/** Of what the rules in force are, in their order: equal where the same texts get the same verdicts. */
function rulesDigest({ rules }: Ruleset): string {
  const judged = rules.map(({ id, severity, severity_in, confidence, sources, patterns }) =>
    [id, severity, severity_in, confidence, sources, patterns.map(({ pattern, flags, validate }) => [pattern, flags, validate])]);
  return createHash('sha256').update(JSON.stringify(judged)).digest('hex');
}
