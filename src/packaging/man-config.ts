import type { ConfigKey, SiemKey } from '../config/reference.js';
import type { Block, PageTitle } from './roff.js';
import { manualPage } from './roff.js';

export interface ConfigPageOptions {
  readonly keys: readonly ConfigKey[];
  readonly siemKeys: readonly SiemKey[];
  /** A small file that is valid. */
  readonly example: string;
}

/** raxed-config(5): every key of the configuration file. */
export function configPage({ keys, siemKeys, example }: ConfigPageOptions, title: PageTitle): string {
  const types = Math.max(...siemKeys.map((key) => key.types.length));
  return manualPage(title, [
    { heading: 'DESCRIPTION' },
    { text: '/etc/raxed/config.json is one JSON object. The daemon reads it at its start and takes every change up within a second; a file that is not valid is refused whole, with all that is wrong in it, and the configuration before stays in force. raxed config check FILE says what is wrong; raxed config show FILE shows all values in force.' },
    { text: 'What the daemon refers to (secrets, certificates) lies beside the file: /etc/raxed has mode 0750 and the group raxed, a secret needs 0640 and that group.' },
    { code: example.trim() },
    { text: 'In names of keys below, [] stands for each element of a list. A secret is a string, { "file": PATH }, { "env": NAME } or { "credential": NAME }, a credential of systemd. An object that stands at two places is described at the first.' },
    { heading: 'KEYS' },
    ...keys.map((key) => keyBlock(key, '')),
    { heading: 'KEYS OF A SIEM' },
    { text: 'Of each element of mssps[].customers[].siem.' },
    ...siemKeys.map((key) => keyBlock(key, key.types.length === types ? '' : `For ${key.types.join(', ')}. `)),
    { heading: 'FILES' },
    { term: '/usr/lib/raxed/config.schema.json', text: 'The same as a JSON Schema, for editors: "$schema" names it.' },
    { term: '/usr/share/doc/raxed/config.example.json', text: 'A file with every kind of thing in it.' },
    { heading: 'SEE ALSO' },
    { text: 'raxed(1)' },
  ]);
}

function keyBlock({ path, values, byDefault, meaning }: ConfigKey, before: string): Block {
  const fallback = byDefault === undefined ? 'Required.' : byDefault === '–' ? '' : `Default: ${byDefault}.`;
  return { term: path, text: `${before}${meaning} Takes: ${values}. ${fallback}`.trim() };
}
