import type { Argv } from 'yargs';
import type { Terminal } from '../terminal.js';
import { readSecret } from '../secret-input.js';

/** What the commands about MSSPs, customers, SIEMs and agents have in common. */

export const MSSP_ID = { name: 'id', required: true, describe: 'The MSSP\'s id', values: 'mssp' } as const;
export const CUSTOMER_ID = { name: 'id', required: true, describe: 'The customer\'s id', values: 'customer' } as const;
export const AGENT_ID = { name: 'id', required: true, describe: 'The agent\'s id', values: 'agent' } as const;

interface WebhookSecretArgs {
  readonly 'webhook-secret': string | undefined;
  readonly 'webhook-secret-file': string | undefined;
}

export function msspOption<T>(parser: Argv<T>): Argv<T & { mssp: string }> {
  return parser.option('mssp', { type: 'string', requiresArg: true, demandOption: true, describe: 'The MSSP\'s id' });
}

/** For agents: both say which customer's, neither the daemon's own. */
export function tenantOptions<T>(parser: Argv<T>): Argv<T & { mssp: string | undefined; customer: string | undefined }> {
  return parser
    .option('mssp', { type: 'string', requiresArg: true, describe: 'The MSSP\'s id' })
    .option('customer', { type: 'string', requiresArg: true, describe: 'The customer\'s id' });
}

export function webhookSecretOptions<T>(parser: Argv<T>): Argv<T & WebhookSecretArgs> {
  return parser
    .option('webhook-secret', { type: 'string', requiresArg: true, describe: 'What the webhook\'s requests are signed with; - reads standard input' })
    .option('webhook-secret-file', { type: 'string', requiresArg: true, describe: 'The same from a file' });
}

export function webhookSecret(args: { readonly webhookSecret: string | undefined; readonly webhookSecretFile: string | undefined }, terminal: Terminal): Promise<string | undefined> {
  return readSecret('webhook-secret', { value: args.webhookSecret, file: args.webhookSecretFile }, terminal);
}
