import type { Paths } from './paths.js';
import { rewrite } from './references.js';
import type { Config } from './schema.js';
import { ConfigSchema } from './shape.js';

export const REDACTED = '[redacted]';

/**
 * The configuration as it may be shown: a secret that stands in the file becomes `[redacted]`, one that is only
 * referred to keeps its reference; the query of a URL, where tokens are often put, and the user of a proxy are hidden too.
 */
export function redactConfig(config: Config): unknown {
  return rewrite(ConfigSchema, config, (node, value) => {
    if (typeof value !== 'string') return value;
    if (node['x-secret'] === true) return REDACTED;
    if (node.format === 'proxy-url') return value.replace(/\/\/[^@/]*@/u, `//${REDACTED}@`);
    if (node.format === 'url' || node.format === 'cef-url') return value.replace(/\?.*$/su, `?${REDACTED}`);
    return value;
  });
}

/** The same with the places that a daemon of this configuration has. */
export function showConfig(config: Config, { stateDir, controlSocket, scanSocket }: Pick<Paths, 'stateDir' | 'controlSocket' | 'scanSocket'>): unknown {
  return redactConfig({ ...config, state_dir: stateDir, control: { ...config.control, socket: controlSocket, scan_socket: scanSocket } });
}
