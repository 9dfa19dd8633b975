import type { Re2Module } from './native-sets.js';

/** The optional native engine, or undefined where its package is not installed or was built for another Node. */
export async function loadRe2(): Promise<Re2Module | undefined> {
  try {
    const loaded = await import('re2');
    return loaded.default;
  } catch {
    return undefined;
  }
}
