import type { Input, Io, Output } from '../../src/cli/io.js';

export interface CapturedIo extends Io {
  out(): string;
  err(): string;
  /** From now on standard output fails: as if its reader had gone, unless `errno` says otherwise. */
  closeOutput(errno?: string): void;
  interrupt(): void;
}

/** The wall clock of every captured Io. */
export const NOW = Date.parse('2026-01-29T12:00:00.000Z');

/** An Io that keeps what is written. */
export function capturedIo(options: { stdin?: Input; env?: Record<string, string>; tty?: boolean; cwd?: string; onOutput?: () => void } = {}): CapturedIo {
  const text = { out: '', err: '' };
  const listeners: (() => void)[] = [];
  let failing: string | undefined;
  const output = (name: 'out' | 'err'): Output => ({
    isTTY: options.tty === true,
    on: () => undefined,
    write(chunk, done) {
      if (name === 'out' && failing !== undefined) { const error = Object.assign(new Error('write'), { code: failing }); setImmediate(() => { done?.(error); }); return false; }
      text[name] += chunk;
      setImmediate(() => { done?.(); });
      options.onOutput?.();
      return true;
    },
  });
  return {
    stdin: options.stdin ?? from([]),
    stdout: output('out'), stderr: output('err'),
    env: options.env ?? {}, home: '/nonexistent', cwd: options.cwd ?? '/', now: () => NOW,
    on: (_event, listener) => listeners.push(listener),
    out: () => text.out,
    err: () => text.err,
    closeOutput(errno = 'EPIPE') { failing = errno; },
    interrupt() { for (const listener of listeners) listener(); },
  };
}

export async function* from(chunks: readonly (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  for (const chunk of chunks) { await Promise.resolve(); yield chunk; }
}

/** A terminal at which somebody types `keys`; `raw` says which modes it was put into. */
export function typed(keys: string): Input & { readonly raw: readonly boolean[] } {
  const raw: boolean[] = [];
  return { isTTY: true, raw, setRawMode: (on) => raw.push(on), [Symbol.asyncIterator]: () => from([keys])[Symbol.asyncIterator]() };
}
