import type { Carrier } from './carrier.js';
import { DATA_CARRIERS } from './carriers-data.js';
import { DEVELOPER_CARRIERS } from './carriers-developer.js';
import { MAIL_CARRIERS } from './carriers-mail.js';
import { OFFICE_CARRIERS } from './carriers-office.js';
import { WEB_CARRIERS } from './carriers-web.js';

/** Every kind of English document that a sentence is put into. */
export const CARRIERS: readonly Carrier[] = [
  ...MAIL_CARRIERS, ...WEB_CARRIERS, ...OFFICE_CARRIERS, ...DEVELOPER_CARRIERS, ...DATA_CARRIERS,
];
