import { GENESIS_HASH, anchorHolds, openLine, type ChainHead, type OpenedLine } from './chain.js';

/**
 * `altered`: a line was changed, moved, doubled or put in. `missing`: lines inside or at the beginning are gone, and no
 * line says that they were removed. `truncated`: the end was cut off.
 */
export type DamageKind = 'altered' | 'missing' | 'truncated';

export interface Damage {
  readonly kind: DamageKind;
  /** A sentence's part without values from the log: `3 lines before it are missing`. */
  readonly problem: string;
  /** The hash of the line before it: if that one comes later, lines were moved and none is missing. */
  readonly awaited?: string;
  /** It is the very first line of the log that is wrong, whichever was read. */
  readonly isAtBeginning?: true;
}

export interface Walk {
  /** Intact lines so far. */
  readonly lines: number;
  /** Checks the next line of the log; undefined: it is in order. */
  next(bytes: Buffer, firstOfFile: boolean): Damage | undefined;
  /** What is wrong with the beginning, which only lines after it can explain. */
  beginning(): Damage | undefined;
  /** What is missing at the end. */
  end(): Damage | undefined;
  /** Lines at the end that no signature covers: written since the head was read, or put there by somebody. */
  unsignedLines(): number;
}

/**
 * Checks lines in their order. `heads` say how far the chain had got before the walk began: the head file's, and what a
 * running log knows of itself. Without `key` no signature is checked.
 */
export function startWalk(heads: readonly ChainHead[], key: Uint8Array | undefined): Walk {
  const statedCount = Math.max(0, ...heads.map((head) => head.count));
  let lines = 0;
  let last: OpenedLine | undefined;
  let linesBefore = 0;
  let signedCount = statedCount;
  const removals: { readonly at: number; readonly removedLines: number }[] = [];

  function damageOf(line: OpenedLine, firstOfFile: boolean): Damage | undefined {
    const isAnchor = line.body['kind'] === 'anchor';
    const gap = line.count - 1 - (last?.count ?? 0);
    if (last === undefined && gap > 0 && !(firstOfFile && isAnchor)) return missing(gap, line);
    if (last === undefined && gap === 0 && line.prevHash !== GENESIS_HASH) return altered('it is not the beginning of a chain');
    if (last !== undefined && gap > 0) return missing(gap, line);
    if (last !== undefined && lines === 1 && line.count < last.count) return { ...altered('it does not belong before the lines after it'), isAtBeginning: true };
    if (last !== undefined && (gap < 0 || line.prevHash !== last.hash)) return altered('it does not follow the line before it');
    if (firstOfFile && !isAnchor) return altered('the file does not begin with an anchor');
    if (isAnchor && !anchorHolds(line, key)) return altered('the anchor\'s count or signature is wrong');
    if (heads.some((head) => line.count === head.count && line.hash !== head.hash)) return altered('it is not the line that was written here');
    return undefined;
  }

  return {
    get lines() { return lines; },
    next(bytes, firstOfFile) {
      const line = openLine(bytes);
      if (line === undefined) return altered('the line was changed or is damaged');
      const damage = damageOf(line, firstOfFile);
      if (damage !== undefined) return damage;
      if (last === undefined) linesBefore = line.count - 1;
      const { kind, removed_lines: removedLines } = line.body;
      if (kind === 'anchor') signedCount = Math.max(signedCount, line.count - 1);
      if (kind === 'audit' && typeof removedLines === 'number') removals.push({ at: line.count, removedLines });
      last = line;
      lines++;
      return undefined;
    },
    beginning() {
      // What somebody without the key wrote at the end explains nothing.
      const signed = removals.filter(({ at }) => at <= signedCount || heads.length === 0);
      const explained = signed.reduce((most, { removedLines }) => Math.max(most, removedLines), 0);
      const unexplained = linesBefore - explained;
      return unexplained <= 0 ? undefined : { kind: 'missing', problem: `${are(unexplained, 'before it')} missing, and nothing says that the retention removed them`, isAtBeginning: true };
    },
    end() {
      const cut = statedCount - (last?.count ?? 0);
      return cut <= 0 ? undefined : { kind: 'truncated', problem: `${are(cut, 'at the end')} missing` };
    },
    unsignedLines: () => Math.max(0, (last?.count ?? 0) - signedCount),
  };
}

function altered(problem: string): Damage {
  return { kind: 'altered', problem };
}

function missing(count: number, line: OpenedLine): Damage {
  return { kind: 'missing', problem: `${are(count, 'before it')} missing`, awaited: line.prevHash };
}

/** `1 line at the end is`, `3 lines at the end are` */
function are(count: number, where: string): string {
  return `${count} ${count === 1 ? 'line' : 'lines'} ${where} ${count === 1 ? 'is' : 'are'}`;
}
