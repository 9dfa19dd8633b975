export interface ChangelogOptions {
  readonly version: string;
  readonly maintainer: string;
  /** When a version that has no date of its own was made: milliseconds since the epoch. */
  readonly at: number;
}

interface Release {
  readonly version: string;
  readonly at: number;
  readonly changes: readonly string[];
}

/**
 * A Debian changelog (deb-changelog(5)) from one that follows Keep a Changelog: a release an entry, a line of its lists a
 * change. What is unreleased, and a version that is not there, becomes the entry of `version`, which is always the first.
 */
export function debianChangelog(markdown: string, { version, maintainer, at }: ChangelogOptions): string {
  const releases = markdown.split(/^## /m).slice(1).map((section) => release(section, { version, at }));
  const own = releases.filter((each) => each.version === version);
  const first: Release = { version, at: own.at(-1)?.at ?? at, changes: own.flatMap(({ changes }) => changes) };
  const older = releases.filter((each) => each.version !== version);
  return [first, ...older].map((each) => entry(each, maintainer)).join('\n');
}

function release(section: string, { version, at }: Pick<ChangelogOptions, 'version' | 'at'>): Release {
  const [heading = '', ...lines] = section.split('\n');
  const found = /^\[?(\d[^\]\s]*)\]?(?:\s+-\s+(\d{4}-\d{2}-\d{2}))?/.exec(heading);
  return {
    version: found?.[1] ?? version,
    at: found?.[2] === undefined ? at : Date.parse(`${found[2]}T12:00:00Z`),
    changes: lines.join('\n').split(/^- /m).slice(1).map((change) => plain(change.split(/^(?:#|\[)/m)[0] ?? '')),
  };
}

/** One line without Markdown's signs. */
function plain(text: string): string {
  return text.replace(/\[([^\]]+)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '').replace(/\s+/g, ' ').trim();
}

function entry({ version, at, changes }: Release, maintainer: string): string {
  const lines = (changes.length === 0 ? ['A build of this version.'] : changes).map((change) => wrapped(change));
  return `raxed (${version}) unstable; urgency=medium\n\n${lines.join('\n')}\n\n -- ${maintainer}  ${new Date(at).toUTCString().replace('GMT', '+0000')}\n`;
}

const WIDTH = 80;

function wrapped(change: string): string {
  const lines: string[] = [];
  let line = '  *';
  for (const word of change.split(' ')) {
    if (line.length + 1 + word.length > WIDTH && line.trim() !== '*') {
      lines.push(line);
      line = '   ';
    }
    line += ` ${word}`;
  }
  return [...lines, line].join('\n');
}
