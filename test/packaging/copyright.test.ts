import t from 'tap';
import { debianCopyright } from '../../src/packaging/copyright.js';

const MIT = 'MIT License\n\nCopyright (c) 2019 Somebody <s@example.org>\nCopyright 2020-2022, Another. All rights reserved.\n\nPermission is hereby granted\n\n  indented   \n';

/** The paragraphs, each by its first field. */
function paragraphs(text: string): string[][] {
  return text.split('\n\n').map((each) => each.trimEnd().split('\n'));
}

t.test('a component is told with who holds the rights and the whole text of its licence', (t) => {
  const text = debianCopyright({ copyright: 'The raxed developers', components: [{ files: 'node_modules/thing/*', name: 'thing', version: '1.2.3', license: 'MIT', text: MIT }] });
  const [head, own, thing, ...rest] = paragraphs(text);
  t.same(head, ['Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/', 'Upstream-Name: raxed']);
  t.same(own?.slice(0, 3), ['Files: *', 'Copyright: The raxed developers', 'License: Apache-2.0']);
  t.same(thing, [
    'Files: node_modules/thing/*', 'Comment: thing 1.2.3', 'Copyright: 2019 Somebody <s@example.org>', '           2020-2022, Another', 'License: Expat',
    ' MIT License', ' .', ' Copyright (c) 2019 Somebody <s@example.org>', ' Copyright 2020-2022, Another. All rights reserved.', ' .',
    ' Permission is hereby granted', ' .', '   indented',
  ]);
  t.same(rest, []);
  t.end();
});

t.test('Apache\'s licence is referred to, where it is the licence and where it is quoted', (t) => {
  const apache = '                 Apache License\n           Version 2.0, January 2004\n\n  1. Definitions.\n\n   END OF TERMS AND CONDITIONS';
  const text = debianCopyright({ copyright: 'x', components: [
    { files: 'a/*', name: 'a', version: '1', license: 'Apache-2.0', text: apache },
    { files: 'b/*', name: 'b', version: '1', license: 'Others', text: `Part one:\n"""\n${apache}\n"""\nPart two` },
  ] });
  t.notMatch(text, 'Definitions');
  t.equal(text.match(/common-licenses\/Apache-2\.0/g)?.length, 3);
  t.match(text, 'Part two');
  t.match(text, 'Copyright: the authors of a\n', 'no rights are claimed for nobody');
  t.end();
});
