/** What is counted of a group of texts. */
export interface Count {
  attacks: number;
  found: number;
  benign: number;
  alarms: number;
}

/** Counts by a label, in the order in which labels were met. */
export class Tally {
  readonly groups = new Map<string, Count>();

  add(group: string, attack: boolean, detected: boolean): void {
    const count = this.groups.get(group) ?? { attacks: 0, found: 0, benign: 0, alarms: 0 };
    this.groups.set(group, count);
    if (attack) {
      count.attacks++;
      if (detected) count.found++;
    } else {
      count.benign++;
      if (detected) count.alarms++;
    }
  }

  /** Each group weighs the same, however many texts it has. */
  macro(isCounted: (group: string) => boolean = () => true): { readonly tpr: number; readonly fpr: number; readonly worst: number } {
    const counts = [...this.groups].filter(([group]) => isCounted(group)).map(([, count]) => count);
    const rates = counts.filter(({ benign }) => benign > 0).map(falsePositiveRate);
    return { tpr: mean(counts.filter(({ attacks }) => attacks > 0).map(truePositiveRate)), fpr: mean(rates), worst: Math.max(0, ...rates) };
  }
}

export function truePositiveRate({ attacks, found }: Count): number {
  return found / attacks;
}

export function falsePositiveRate({ benign, alarms }: Count): number {
  return alarms / benign;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length;
}
