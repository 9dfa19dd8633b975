export interface RecentLines {
  add(line: string): void;
  /** Oldest first. */
  list(): readonly string[];
}

/** Keeps the newest lines, at most `maxLines` and `maxBytes` (UTF-8) of them. A line that alone is too long is not kept. */
export function createRecentLines({ maxLines, maxBytes }: { readonly maxLines: number; readonly maxBytes: number }): RecentLines {
  const lines: { readonly line: string; readonly bytes: number }[] = [];
  let total = 0;
  return {
    add(line) {
      const bytes = Buffer.byteLength(line);
      lines.push({ line, bytes });
      total += bytes;
      while (lines.length > maxLines || total > maxBytes) total -= lines.shift()?.bytes ?? total;
    },
    list: () => lines.map(({ line }) => line),
  };
}
