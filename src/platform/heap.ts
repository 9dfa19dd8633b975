import { setFlagsFromString } from 'node:v8';

/** With more customers than this, what is kept makes collecting so often cost more CPU than the memory is worth. */
const MANY_CUSTOMERS = 100;

/**
 * Makes V8 collect sooner from now on. What the daemon keeps for a few customers is some 20 MB; left alone, V8 lets as much
 * garbage again grow beside it as the machine has room for (Node 24: 128 MB of new objects alone), and gives little of it back.
 * Flags of the command line would do the same, but not everybody who starts us passes them.
 */
export function sizeHeap(customers: number): void {
  // New objects get what room they have now, and no more; where there are many customers it doubles when it is short, as V8 does by itself.
  setFlagsFromString(`--semi-space-growth-factor=${customers > MANY_CUSTOMERS ? 2 : 1}`);
  // The old ones are looked through when they have become a fifth more, not twice as many.
  setFlagsFromString('--heap-growing-percent=20');
}
