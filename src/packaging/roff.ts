/** One piece of a manual page. Texts are plain; `term` and `heading` may be anything that is typed. */
export type Block =
  | { readonly heading: string }
  | { readonly subheading: string }
  | { readonly text: string }
  /** What is typed, line by line as it is. */
  | { readonly code: string }
  | { readonly term: string; readonly text: string };

export interface PageTitle {
  readonly name: string;
  readonly section: number;
  /** What stands after the name in `apropos`. */
  readonly describe: string;
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A manual page in the language of man(7). */
export function manualPage({ name, section, describe, version, at }: PageTitle, blocks: readonly Block[]): string {
  const date = new Date(at).toISOString().slice(0, 10);
  return [
    `.TH ${[name.toUpperCase(), String(section), date, `raxed ${version}`, 'raxed'].map(quoted).join(' ')}`,
    // Words are not broken: what is typed must be found.
    '.nh', '.ad l',
    '.SH NAME', `${line(name)} \\- ${line(describe)}`,
    ...blocks.flatMap(rendered), '',
  ].join('\n');
}

function rendered(block: Block): string[] {
  if ('heading' in block) return [`.SH ${quoted(block.heading)}`];
  if ('subheading' in block) return [`.SS ${quoted(block.subheading)}`];
  if ('code' in block) return ['.PP', '.nf', '.RS 4', ...block.code.split('\n').map(line), '.RE', '.fi'];
  if ('term' in block) return ['.TP', `\\fB${escaped(block.term)}\\fR`, line(block.text)];
  return ['.PP', line(block.text)];
}

/** A line of text: one that begins as a request of roff would is none. */
function line(text: string): string {
  return escaped(text).replace(/^(?=[.'])/, '\\&');
}

/** Dashes stay what is typed, and so do quotes and tildes. */
function escaped(text: string): string {
  const signs: Readonly<Record<string, string>> = { '\\': '\\e', '-': '\\-', '\'': '\\(aq', '`': '\\(ga', '^': '\\(ha', '~': '\\(ti' };
  return text.replace(/[\\'`^~-]/g, (sign) => signs[sign] ?? sign).replace(/\s*\n\s*/g, ' ');
}

function quoted(text: string): string {
  return `"${escaped(text).replaceAll('"', '\\(dq')}"`;
}
