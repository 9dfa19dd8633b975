import type { Gathered } from './part.js';

export interface Story {
  /** ISO 8601. */
  readonly madeAt: string;
  readonly hostname: string;
  /** Why the daemon did not answer; undefined: it did. */
  readonly silence: string | undefined;
  readonly tookMs: number;
}

/** What somebody reads first: what is in the bundle, what is not, and why. */
export function readme({ madeAt, hostname, silence, tookMs }: Story, parts: readonly Gathered[]): string {
  const had = parts.filter(({ content }) => 'text' in content);
  const widest = Math.max(...parts.map(({ name }) => name.length));
  const line = ({ name, about, tookMs: ms }: Gathered): string => `  ${name.padEnd(widest)}  ${about} (${Math.round(ms)} ms)\n`;
  const cut = had.flatMap(({ name, content }) => ('cut' in content ? [`  ${name.padEnd(widest)}  ${content.cut}\n`] : []));
  const missing = parts.flatMap(({ name, content }) => ('missing' in content ? [`  ${name.padEnd(widest)}  ${content.missing}\n`] : []));
  return [
    `raxed support bundle of ${hostname}, ${madeAt}, made in ${(tookMs / 1000).toFixed(1)} s by \`raxed ctl bundle\`.\n`,
    ...(silence === undefined ? [] : [`\nTHE DAEMON DID NOT ANSWER: ${silence}.\nThe bundle holds what its files and the operating system say.\n`]),
    `\nWhat is in it\n${had.map(line).join('')}`,
    ...(cut.length === 0 ? [] : [`\nWhat was cut because there is too much of it\n${cut.join('')}`]),
    ...(missing.length === 0 ? [] : [`\nWhat could not be had\n${missing.join('')}`]),
    '\nWhat is not in it, on purpose\n',
    '  Texts that were scanned, and what was or is to be sent: no event, no dead letter\'s content, no file of the spool.\n',
    '  Secrets: in the configuration they are [redacted], and no file with a secret, no environment and no key is read into it.\n',
    '\nWhat is in it, and may be confidential\n',
    '  Names and ids of MSSPs, customers and agents, addresses of receivers, the operator\'s words about suppressions, paths of files.\n',
    '  Look through it before you send it.\n',
  ].join('');
}
