import { fstatSync } from 'node:fs';

/**
 * Whether what is written to `fd` goes to the journal: systemd names the stream's device and inode in JOURNAL_STREAM
 * (sd-daemon(3)). That the variable is there says nothing, since whoever redirects the output passes it on.
 */
export function isJournal(fd: number, env: Readonly<Record<string, string | undefined>>): boolean {
  const stream = env['JOURNAL_STREAM'];
  if (stream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    return stream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}
