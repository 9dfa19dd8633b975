/** The phrases of a text that holds one a line; indentation and blank lines are not part of them. */
export function lines(text: string): readonly string[] {
  return text.split('\n').map((line) => line.trim()).filter((line) => line !== '');
}
