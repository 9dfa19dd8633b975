/**
 * In the bundle these stand for the two functions of `node:assert` that yargs uses: loading that module with all that it
 * needs takes a tenth of the time of `ctl status`.
 */
export function strictEqual(actual: unknown, expected: unknown, message?: string): void {
  if (!Object.is(actual, expected)) throw new Error(message ?? 'the values are not the same');
}

export function notStrictEqual(actual: unknown, expected: unknown, message?: string): void {
  if (Object.is(actual, expected)) throw new Error(message ?? 'the values are the same');
}
