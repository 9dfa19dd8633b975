/** One way to look at a text. Offsets are UTF-16 units. */
export interface View {
  readonly kind: 'given' | 'folded' | 'base64' | 'json';
  readonly text: string;
  /** The span of the original text that [start, end) of this view came from. */
  toOriginal(start: number, end: number): readonly [number, number];
}

/** The views of a text, the text itself first. Lone surrogates count as U+FFFD. Linear in the length of the text. */
export function views(text: string): View[] {
  return [{ kind: 'given', text: wellFormed(text), toOriginal: (start, end) => [start, end] }];
}

/** ES2024; Node has it since version 20, TypeScript's library for Node 20 does not. */
interface WellFormed { isWellFormed(): boolean; toWellFormed(): string }

export function wellFormed(text: string): string {
  const string = Object(text) as WellFormed;
  return string.isWellFormed() ? text : string.toWellFormed();
}
