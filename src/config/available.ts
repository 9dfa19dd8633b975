import type { SiemOutput } from './checks.js';

/** The SIEM outputs that this version has. The daemon and `config check` pass it to `parseConfig`, which refuses the others. */
export const AVAILABLE_SIEM: readonly SiemOutput[] = ['cef-syslog', 'cef-http', 'arcsight', 'splunk', 'crowdstrike', 'sentinel'];
