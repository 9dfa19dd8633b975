import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { debianChangelog } from '../../src/packaging/changelog.js';

const MAINTAINER = 'The raxed developers <raxed@example.org>';
const at = Date.parse('2026-03-04T05:06:07Z');
const hasParser = spawnSync('dpkg-parsechangelog', ['--version']).status === 0;

const MARKDOWN = `# Changelog

All notable changes.

## [Unreleased]

### Added
- The \`doctor\`, which says [what is wrong](https://raxed.example/doctor).
- A line that is so long that it does not fit into the eighty columns of a Debian changelog, and a
  second line of it.

## [1.1.0] - 2026-02-01
### Fixed
- One thing.

## [1.0.0] - 2026-01-01
- The first.

[1.0.0]: https://raxed.example/1.0.0
`;

t.test('each release is an entry; what is unreleased belongs to the version that is built', (t) => {
  t.equal(debianChangelog(MARKDOWN, { version: '1.2.0', maintainer: MAINTAINER, at }), `raxed (1.2.0) unstable; urgency=medium

  * The doctor, which says what is wrong.
  * A line that is so long that it does not fit into the eighty columns of a
    Debian changelog, and a second line of it.

 -- ${MAINTAINER}  Wed, 04 Mar 2026 05:06:07 +0000

raxed (1.1.0) unstable; urgency=medium

  * One thing.

 -- ${MAINTAINER}  Sun, 01 Feb 2026 12:00:00 +0000

raxed (1.0.0) unstable; urgency=medium

  * The first.

 -- ${MAINTAINER}  Thu, 01 Jan 2026 12:00:00 +0000
`);
  t.end();
});

t.test('a released version keeps its date; one that the file does not know has an entry too', (t) => {
  const released = MARKDOWN.replace(/## \[Unreleased\][\s\S]*?(?=## \[1\.1\.0\])/, '');
  t.match(debianChangelog(released, { version: '1.1.0', maintainer: MAINTAINER, at }), /^raxed \(1\.1\.0\)[^]*?Sun, 01 Feb 2026/);
  t.equal(debianChangelog('# Changelog\n', { version: '9.0.0~test', maintainer: MAINTAINER, at }).split('\n')[0], 'raxed (9.0.0~test) unstable; urgency=medium');
  t.match(debianChangelog('', { version: '1.0.0', maintainer: MAINTAINER, at }), '  * A build of this version.');
  t.end();
});

t.test('Debian\'s own parser reads the changelog of this checkout', { skip: hasParser ? false : 'dpkg-dev is not installed' }, (t) => {
  const file = join(t.testdir({}), 'changelog');
  writeFileSync(file, debianChangelog(readFileSync(new URL('../../CHANGELOG.md', import.meta.url), 'utf8'), { version: '0.1.0', maintainer: MAINTAINER, at }));
  const { stdout, stderr } = spawnSync('dpkg-parsechangelog', ['-l', file, '--all'], { encoding: 'utf8' });
  t.equal(stderr, '');
  t.match(stdout, /^Source: raxed\nVersion: 0\.1\.0\n/);
  t.end();
});
