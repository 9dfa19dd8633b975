import { RaxedError } from '../errors.js';
import type { Input } from './io.js';

/** Who is asked. Questions go to standard error, so that standard output stays the answer's. */
export interface Terminal {
  readonly stdin: Input;
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
}

const MAX_LINE_LENGTH = 65_536;

export function canAsk({ stdin, stderr }: Terminal): boolean {
  return stdin.isTTY === true && stderr.isTTY === true;
}

/** Asks a question that is answered with yes or no; true only for yes. */
export async function askYesNo(question: string, { stdin, stderr }: Terminal): Promise<boolean> {
  stderr.write(`${question} [y/N] `);
  return /^y(?:es)?$/i.test((await readLine(stdin)).trim());
}

/** Asks for a line that is not shown while it is typed. Throws USAGE when it is given up with Ctrl-C. */
export async function askHidden(question: string, { stdin, stderr }: Terminal): Promise<string> {
  // First, so that nothing is shown of what is typed ahead.
  stdin.setRawMode?.(true);
  try {
    stderr.write(`${question}: `);
    return await readLine(stdin);
  } finally {
    stdin.setRawMode?.(false);
    stderr.write('\n');
  }
}

/** One line without its end. In raw mode the terminal edits nothing and signals nothing, so that both is done here. */
async function readLine(input: Input): Promise<string> {
  const decoder = new TextDecoder();
  let line: string[] = [];
  for await (const chunk of input) {
    for (const key of typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })) {
      if (key === '\r' || key === '\n' || key === '\u0004') return line.join('');
      if (key === '\u0003') throw new RaxedError('USAGE', 'it was given up');
      if (key === '\u0008' || key === '\u007f') line.pop();
      else if (key === '\u0015') line = [];
      else if (line.length < MAX_LINE_LENGTH) line.push(key);
    }
  }
  return line.join('');
}
