/** How a view came from its base: the text itself, its escapes or its spelling made plain, or one of the ways to hide what it says. */
export type ViewKind = 'given' | 'json' | 'folded' | 'base64' | 'base32' | 'codes' | 'morse' | 'escapes' | 'markup' | 'invisible' | 'lookalikes' | 'shifted' | 'reversed' | 'leet' | 'spaced';

/** One way to look at a text. Offsets are UTF-16 units. */
export interface View {
  readonly kind: ViewKind;
  /** Well-formed. */
  readonly text: string;
  /** The span of the original text that [start, end) of this view came from. */
  toOriginal(start: number, end: number): readonly [number, number];
}

/** The text itself, as a view. */
export function givenView(text: string): View {
  return { kind: 'given', text, toOriginal: (start, end) => [start, end] };
}

/** A view that stands unit for unit for what `base` is a view of. */
export function sameLengthView(kind: ViewKind, base: View, text: string): View {
  return { kind, text, toOriginal: (start, end) => base.toOriginal(start, end) };
}

/** Builds a view piece by piece, and remembers where each piece came from. */
export class ViewBuilder {
  private readonly pieces: string[] = [];
  private length = 0;
  /** Per segment: where it begins here, and what it stands for in the base. */
  private readonly starts: number[] = [];
  private readonly baseStarts: number[] = [];
  private readonly baseEnds: number[] = [];

  /** Appends `text`, which stands for [start, end) of the base; of equal length means unit for unit. */
  add(text: string, start: number, end: number): void {
    if (text === '') return;
    const last = this.starts.length - 1;
    const linear = text.length === end - start;
    const continues = last >= 0 && linear && this.baseEnds[last] === start && this.length - (this.starts[last] ?? 0) === start - (this.baseStarts[last] ?? 0);
    if (continues) {
      this.baseEnds[last] = end;
    } else {
      this.starts.push(this.length);
      this.baseStarts.push(start);
      this.baseEnds.push(end);
    }
    this.pieces.push(text);
    this.length += text.length;
  }

  /** The view of what `base` is a view of. */
  view(kind: ViewKind, base: View): View {
    const { starts, baseStarts, baseEnds, length } = this;
    const segmentAt = (offset: number): number => {
      let low = 0;
      let high = starts.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if ((starts[middle] ?? 0) <= offset) low = middle;
        else high = middle - 1;
      }
      return low;
    };
    const isLinear = (segment: number): boolean =>
      (starts[segment + 1] ?? length) - (starts[segment] ?? 0) === (baseEnds[segment] ?? 0) - (baseStarts[segment] ?? 0);
    return {
      kind,
      text: this.pieces.join(''),
      toOriginal(start, end) {
        const first = segmentAt(start);
        const from = (baseStarts[first] ?? 0) + (isLinear(first) ? start - (starts[first] ?? 0) : 0);
        if (end <= start) return base.toOriginal(from, from);
        const last = segmentAt(end - 1);
        return base.toOriginal(from, isLinear(last) ? (baseStarts[last] ?? 0) + end - (starts[last] ?? 0) : baseEnds[last] ?? 0);
      },
    };
  }
}
