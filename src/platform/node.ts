import { randomFillSync } from 'node:crypto';
import type { Clock, Random } from '../ports.js';

/** setTimeout fires at once beyond this. */
const MAX_TIMEOUT_MS = 2_147_483_647;

export const nodeClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) => new Promise((resolve) => {
    if (signal?.aborted === true) { resolve(); return; }
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, Math.min(Math.max(ms, 0), MAX_TIMEOUT_MS));
    timer.unref();
    signal?.addEventListener('abort', done, { once: true });
  }),
};

export const nodeRandom: Random = {
  float: () => Math.random(),
  bytes: (length) => randomFillSync(new Uint8Array(length)),
};
