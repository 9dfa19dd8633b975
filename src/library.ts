/** What `import … from 'raxed'` gives: what an application needs. SIEMs and the audit log are larger and stand by themselves, as `raxed/siem` and `raxed/audit`. */
export { RaxedError } from './errors.js';
export type { ErrorCode } from './errors.js';
export * from './client/partner.js';
export * from './client/raxed.js';
export * from './client/webhook.js';
