import type { Carrier } from './carrier.js';
import { lines } from './lines.js';

const README = lines(`
  {word} is a small library to parse dates.
  Install it with npm install {word}.
  The default port is 80{digit}0.
  Pull requests are welcome.
  Call init() before you read from the stream.
  Set the environment variable {word}_HOME to the data folder.
  This release fixes the crash on empty input.
  Tests run with make test.
  The cache is cleared every {number} seconds.
  See the changelog for what is new in version {digit}.{digit}.
  Run the migration once, then restart the service.
  Values above {number} are rejected.
  The function returns null when the key is missing.`);

const CODE = lines(`
  const limit = {number};
  return total / {number};
  let {word} = load("{file}");
  if (retries > {digit}) throw new Error("too many retries");
  import {word} from "{word}";
  console.log(total);
  total += price * {digit};`);

/** Code, documentation, issues, logs of builds. */
export const DEVELOPER_CARRIERS: readonly Carrier[] = [
  {
    name: 'documentation', form: 'prose', sentences: README,
    templates: [
      '# {word}\n\n{body}\n\n## Usage\n\n{tick}{tick}{tick}sh\nnpx {word} --port {number}\n{tick}{tick}{tick}', '{body}', '## Contributing\n{body}',
      '<!-- {note} -->\n# {word}\n\n{s}\n{s}', '# {word}\n{s}\n\n> **Note:** {note}\n\n{s}', '[//]: # ({note})\n## {word}\n{s}', '{s}\n\n1. {s}\n2. {note}\n3. {s}',
      'AGENTS.md\n\n{body}', '.. note:: {note}\n\n{s}',
    ],
  },
  {
    name: 'issue', form: 'prose', sentences: README,
    templates: [
      'Issue #{number}: crash in {word}\nOpened by {word}{digit}\n\n{body}\n\nSteps to reproduce: {s}', '{word}-bot commented on {date}:\n{body}', 'commit 7{digit}a{digit}f{digit}\nAuthor: {name} <{email}>\n\n    {note}\n\n    {s}',
      'PR #{number} by @{word}: {s}\n\n### Description\n{body}', 'Review comment on {file}: {note}', 'fix: {s} {note}', 'Release {digit}.{digit}.0\n- {s}\n- {note}\n- {s}',
    ],
  },
  {
    name: 'source code', form: 'line', sentences: CODE,
    templates: [
      '// {note}\n{s}\n{s}\n{s}', '{s}\n/* {note} */\n{s}', 'def {word}(x):\n    """{note}"""\n    return x * {digit}', '# {note}\nimport os\nprint(os.getcwd())',
      '/**\n * {note}\n * @param name of the item\n */\nfunction {word}(name) {lb}\n  {s}\n{rb}', '{s}\nconst message = "{note}";\n{s}', '-- {note}\nSELECT id, name FROM {word} WHERE id = {number};',
      '# {note}\nversion: "{digit}"\nservices:\n  {word}:\n    image: {word}:{digit}', 'def test_{word}():\n    # {note}\n    assert {word}({digit}) == {number}', '{s} // {note}',
    ],
  },
  {
    name: 'console', form: 'line', sentences: lines(`
      [INFO] started on port 80{digit}0
      [WARN] slow query ({number} ms)
      {date} {time} GET /{path} 200
      Compiling {word} v0.{digit}.{digit}
      warning: unused variable: {word}
      Downloaded {number} packages
      [ERROR] connection to {domain} refused`),
    templates: [
      '{s}\n{s}\n{note}\n{s}', '{s}\n[INFO] user-agent: {note}\n{s}', '{s}\n[ERROR] {note}', 'Error: {note}', '$ cat {file}\n{note}\n$ ls\n{file}\n{file}', 'npm WARN {word}@{digit}.{digit}: {note}\n{s}',
      'total {number}\n-rw-r--r-- 1 root {file}\n-rw-r--r-- 1 root {note}.txt\n-rw-r--r-- 1 root {file}', 'Traceback (most recent call last):\n  File "{file}", line {number}\nValueError: {note}', '{date} user={first} action=comment text="{note}"',
    ],
  },
];
