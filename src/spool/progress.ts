/** Every seq from `from` (inclusive) to `to` (exclusive). */
export interface SeqRange {
  readonly from: number;
  readonly to: number;
}

/**
 * What one destination is done with: every seq below `position`, and the ranges of `done`, which lie above it, in order,
 * with at least one seq between any two.
 */
export interface Progress {
  readonly position: number;
  readonly done: readonly SeqRange[];
}

/** All that either of two says is done. */
export function join(a: Progress, b: Progress): Progress {
  let position = Math.max(a.position, b.position);
  const done: { from: number; to: number }[] = [];
  for (const { from, to } of [...a.done, ...b.done].sort((x, y) => x.from - y.from)) {
    const last = done.at(-1);
    if (from <= position) position = Math.max(position, to);
    else if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else done.push({ from, to });
  }
  return { position, done };
}

/** The first seq from `seq` on that is not done. */
export function firstOpen({ position, done }: Progress, seq: number): number {
  const from = Math.max(seq, position);
  return done.find((range) => range.from <= from && from < range.to)?.to ?? from;
}

/** How many seqs from `from` to `to` (exclusive) lie in ranges above the position. */
export function countDone({ done }: Progress, from: number, to: number): number {
  return done.reduce((sum, range) => sum + Math.max(0, Math.min(range.to, to) - Math.max(range.from, from)), 0);
}
