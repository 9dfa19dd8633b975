/** A bound on the bytes that all callers together may have in work. */
export interface Budget {
  /** Takes `bytes` if there is room, else takes nothing and says false. */
  take(bytes: number): boolean;
  give(bytes: number): void;
  readonly used: number;
  /** How often there was no room. */
  readonly refused: number;
}

export function createBudget(limitBytes: number): Budget {
  let used = 0;
  let refused = 0;
  return {
    take(bytes) {
      if (used + bytes > limitBytes) { refused++; return false; }
      used += bytes;
      return true;
    },
    give(bytes) { used -= bytes; },
    get used() { return used; },
    get refused() { return refused; },
  };
}
