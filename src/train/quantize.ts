/** Weights as bytes, and what one byte is worth. */
export function quantize(weights: Float64Array): { readonly bytes: Int8Array; readonly step: number } {
  const largest = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
  const step = largest === 0 ? 1 : largest / 127;
  return { bytes: Int8Array.from(weights, (weight) => Math.round(weight / step)), step };
}
