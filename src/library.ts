/** What `import … from 'raxed'` gives. The parts can be had alone, as `raxed/partner` and so on. */
export { RaxedError } from './errors.js';
export type { ErrorCode } from './errors.js';
export * from './client/audit-logger.js';
export * from './client/partner.js';
export * from './client/raxed.js';
export * from './client/siem-adapter.js';
export * from './client/webhook.js';
