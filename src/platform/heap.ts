import { setFlagsFromString } from 'node:v8';

/** With more customers than this, what is kept makes collecting so often cost more CPU than the memory is worth. */
const MANY_CUSTOMERS = 100;

/**
 * Makes V8 collect sooner from now on, unless there are many customers. What the daemon keeps for a few is some 20 MB; left
 * alone, V8 lets as much garbage again grow beside it as the machine has room for (Node 24: 128 MB of new objects alone), and
 * gives little of it back. Flags of the command line would do the same, but not everybody who starts us passes them.
 */
export function sizeHeap(customers: number): void {
  const many = customers > MANY_CUSTOMERS;
  // New objects get what room they have now, and no more; by itself V8 doubles it when it is short.
  setFlagsFromString(`--semi-space-growth-factor=${many ? 2 : 1}`);
  // The old ones are looked through when they have become a fifth more, not when V8 thinks fit (0): up to four times as many.
  setFlagsFromString(`--heap-growing-percent=${many ? 0 : 20}`);
}
