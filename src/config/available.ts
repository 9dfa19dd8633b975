import type { LaterOption, SiemOutput } from './checks.js';

/** The SIEM outputs that this version has. The daemon and `config check` pass it to `parseConfig`, which refuses the others. */
export const AVAILABLE_SIEM: readonly SiemOutput[] = ['cef-syslog', 'cef-http', 'arcsight', 'splunk', 'crowdstrike', 'sentinel'];

/** The options beside SIEMs that not every version has; the others are refused, so that nobody relies on what is not there. */
export const AVAILABLE_OPTIONS: readonly LaterOption[] = ['/control/http', '/control/metrics', '/proxy'];
