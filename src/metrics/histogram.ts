/** Upper bounds of the buckets, in seconds: from a short scan, or a sync of a fast disk, to the deadline of a scan. */
export const SECONDS_BOUNDS = [
  0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const;

export interface HistogramView {
  readonly bounds: readonly number[];
  /** By bucket, each observation once; the last bucket, without a bound, has what is above all of them. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** Counts durations in fixed buckets. */
export interface Histogram {
  observe(seconds: number): void;
  view(): HistogramView;
}

export function createHistogram(bounds: readonly number[] = SECONDS_BOUNDS): Histogram {
  const counts = new Array<number>(bounds.length + 1).fill(0);
  let sum = 0;
  return {
    observe(seconds) {
      let bucket = 0;
      while (seconds > (bounds[bucket] ?? Infinity)) bucket++;
      counts[bucket] = (counts[bucket] ?? 0) + 1;
      sum += seconds;
    },
    view: () => ({ bounds, counts: [...counts], sum }),
  };
}
