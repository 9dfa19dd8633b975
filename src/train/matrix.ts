import { blockOf, Features, SUBLINEAR } from '../model/features.js';

/** Rows of sparse features, each a window of text: grown row by row, then weighed once. */
export class Matrix {
  /** Where each row begins in `features`; one more than there are rows. */
  readonly starts: number[] = [0];
  features = new Int32Array(1 << 20);
  values = new Float32Array(0);
  private counts = new Uint8Array(1 << 20);
  private readonly reader = new Features();

  get rows(): number {
    return this.starts.length - 1;
  }

  /** Adds the row of text[from, to). */
  add(text: string, from: number, to: number): void {
    const { reader } = this;
    reader.read(text, from, to);
    const start = this.starts[this.rows] ?? 0;
    const end = start + reader.size;
    if (end > this.features.length) this.grow();
    for (let each = 0; each < reader.size; each++) {
      const feature = reader.found[each] ?? 0;
      this.features[start + each] = feature;
      this.counts[start + each] = reader.counts[feature] ?? 0;
    }
    this.starts.push(end);
  }

  /** Sets the values: sublinear counts, each block of unit length. */
  weigh(): void {
    const { features, starts } = this;
    this.values = new Float32Array(starts[this.rows] ?? 0);
    for (let row = 0; row < this.rows; row++) {
      const start = starts[row] ?? 0, end = starts[row + 1] ?? 0;
      const squares = [0, 0, 0];
      for (let at = start; at < end; at++) {
        const value = SUBLINEAR[this.counts[at]!]!;
        this.values[at] = value;
        squares[blockOf(features[at]!)]! += value * value;
      }
      const norms = squares.map((square) => 1 / Math.sqrt(Math.max(1, square)));
      for (let at = start; at < end; at++) this.values[at]! *= norms[blockOf(features[at]!)]!;
    }
    this.counts = new Uint8Array(0);
  }

  private grow(): void {
    const features = new Int32Array(this.features.length * 2), counts = new Uint8Array(this.features.length * 2);
    features.set(this.features);
    counts.set(this.counts);
    this.features = features;
    this.counts = counts;
  }
}
