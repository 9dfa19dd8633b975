/** Something that is in the package and came from elsewhere. */
export interface Component {
  /** Where its source is, as patterns of the format's `Files:`. */
  readonly files: string;
  readonly name: string;
  readonly version: string;
  /** SPDX. */
  readonly license: string;
  /** The text of its licence, copyright lines and all. */
  readonly text: string;
}

export interface CopyrightOptions {
  readonly copyright: string;
  readonly components: readonly Component[];
}

/** What Debian calls licences that SPDX names otherwise. */
const DEBIAN_NAMES: Readonly<Record<string, string>> = { MIT: 'Expat', 'Apache-2.0': 'Apache-2.0', 'BSD-3-Clause': 'BSD-3-clause', 'BSD-2-Clause': 'BSD-2-clause' };
/** Of Apache-2.0 every Debian has the text. */
const APACHE = [
  'Licensed under the Apache License, Version 2.0 (the "License"); you may not',
  'use these files except in compliance with the License. On Debian systems, the',
  'complete text of the License is in /usr/share/common-licenses/Apache-2.0.',
].join('\n');

/**
 * The package's `copyright` in Debian's machine-readable format 1.0: raxed itself, then each component with the text of its
 * licence, in their order.
 */
export function debianCopyright({ copyright, components }: CopyrightOptions): string {
  return [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: raxed\n',
    paragraph({ files: '*', copyrights: [copyright], license: 'Apache-2.0', text: APACHE, comment: undefined }),
    ...components.map(({ files, name, version, license, text }) => paragraph({
      files, copyrights: copyrightLines(text, name), license: DEBIAN_NAMES[license] ?? license,
      text: license === 'Apache-2.0' ? APACHE : withoutApache(text), comment: `${name} ${version}`,
    })),
  ].join('\n');
}

interface Paragraph {
  readonly files: string;
  readonly copyrights: readonly string[];
  readonly license: string;
  readonly text: string;
  readonly comment: string | undefined;
}

function paragraph({ files, copyrights, license, text, comment }: Paragraph): string {
  return [
    `Files: ${files}`,
    ...(comment === undefined ? [] : [`Comment: ${comment}`]),
    `Copyright: ${copyrights.join('\n           ')}`,
    `License: ${license}`,
    ...text.trim().split('\n').map((line) => (line.trim() === '' ? ' .' : ` ${line.trimEnd()}`)),
    '',
  ].join('\n');
}

/** A text in which licences are quoted, without the one that every Debian has whole. */
function withoutApache(text: string): string {
  return text.replace(/^[^\n]*Apache License\s*\n[^\n]*Version 2\.0, January 2004[\s\S]*?END OF TERMS AND CONDITIONS/gm, '(The Apache License, Version 2.0: /usr/share/common-licenses/Apache-2.0)');
}

/** Who holds the rights, as the licence says it. */
function copyrightLines(text: string, name: string): string[] {
  const lines = text.split('\n').flatMap((line) => /^\W*copyright (?:\(c\)|©)?[\s,]*(\S.*)$/i.exec(line)?.[1] ?? []);
  const named = [...new Set(lines.map((line) => line.replace(/[\s.]*all rights reserved\.?/i, '').trim()))].filter((line) => /\d{4}|authors|contributors/i.test(line) && !/^(?:owner|holder|notice|license)/i.test(line));
  return named.length === 0 ? [`the authors of ${name}`] : named;
}
