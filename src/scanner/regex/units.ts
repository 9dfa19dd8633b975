/**
 * A well-formed text as UTF-16 units in a typed array: a good deal faster to walk than a string, whose form (one byte
 * or two, whole or in parts) has to be found out again for every character. `units` may be longer than the text.
 */
export interface Units {
  readonly units: Uint16Array;
  readonly length: number;
}

/** Copies texts into one buffer, which the next text overwrites. */
export class UnitBuffer {
  private bytes = Buffer.alloc(0);
  private units = new Uint16Array(0);

  /** Beyond this, what one text needed is given back with the next one. */
  constructor(private readonly keepUnits = 65_536) {}

  copy(text: string): Units {
    const { length } = text;
    if (length > this.units.length || this.units.length > Math.max(this.keepUnits, length)) {
      const size = Math.max(4096, length);
      this.units = new Uint16Array(size);
      this.bytes = Buffer.from(this.units.buffer);
    }
    this.bytes.write(text, 'utf16le');
    return { units: this.units, length };
  }
}

export function codePoint(high: number, low: number): number {
  return ((high - 0xd800) << 10) + (low - 0xdc00) + 0x10000;
}
