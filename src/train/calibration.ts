/** The margins of one source's texts, by what they are. */
export interface SourceMargins {
  readonly source: string;
  readonly attacks: readonly number[];
  readonly benign: readonly number[];
}

/** Each source weighs the same, however many texts it has. */
export function macroRate(groups: readonly (readonly number[])[], threshold: number): number {
  const counted = groups.filter((margins) => margins.length > 0);
  return counted.reduce((sum, margins) => sum + rateOf(margins, threshold), 0) / Math.max(1, counted.length);
}

export function rateOf(margins: readonly number[], threshold: number): number {
  return margins.filter((margin) => margin >= threshold).length / Math.max(1, margins.length);
}

/** Of fewer texts one alone would decide. */
const MIN_JUDGED = 60;

/**
 * The least margin at which neither the false positives macro over sources nor those of the worst source exceed what is
 * allowed.
 */
export function chooseThreshold(sources: readonly SourceMargins[], { macro, worst }: { readonly macro: number; readonly worst: number }): number {
  const benign = sources.map(({ benign: margins }) => margins);
  let low = -20, high = 20;
  while (high - low > 1e-6) {
    const middle = (low + high) / 2;
    const isFine = macroRate(benign, middle) <= macro && benign.every((margins) => margins.length < MIN_JUDGED || rateOf(margins, middle) <= worst);
    if (isFine) high = middle;
    else low = middle;
  }
  return high;
}

/** Platt's slope and intercept: the probability of an attack by its margin, both classes and all sources weighing the same. */
export function calibrate(sources: readonly SourceMargins[]): { readonly slope: number; readonly intercept: number } {
  const points = [
    ...weighted(sources.map(({ attacks }) => attacks)).map((point) => ({ ...point, attack: 1 })),
    ...weighted(sources.map(({ benign }) => benign)).map((point) => ({ ...point, attack: 0 })),
  ];
  let slope = 1, intercept = 0;
  // Newton's method; the function is convex and has two parameters.
  for (let step = 0; step < 50; step++) {
    let gradientSlope = 0, gradientIntercept = 0, slopeSlope = 1e-9, slopeIntercept = 0, interceptIntercept = 1e-9;
    for (const { margin, weight, attack } of points) {
      const share = 1 / (1 + Math.exp(-(slope * margin + intercept)));
      const error = weight * (share - attack);
      const curve = weight * share * (1 - share);
      gradientSlope += error * margin;
      gradientIntercept += error;
      slopeSlope += curve * margin * margin;
      slopeIntercept += curve * margin;
      interceptIntercept += curve;
    }
    const determinant = slopeSlope * interceptIntercept - slopeIntercept * slopeIntercept;
    slope -= (interceptIntercept * gradientSlope - slopeIntercept * gradientIntercept) / determinant;
    intercept -= (slopeSlope * gradientIntercept - slopeIntercept * gradientSlope) / determinant;
  }
  return { slope, intercept };
}

function weighted(groups: readonly (readonly number[])[]): { readonly margin: number; readonly weight: number }[] {
  const counted = groups.filter((margins) => margins.length > 0);
  return counted.flatMap((margins) => margins.map((margin) => ({ margin, weight: 1 / (margins.length * counted.length) })));
}
