import type { Io, Output } from '../../src/cli/io.js';

export interface CapturedIo extends Io {
  out(): string;
  err(): string;
  /** From now on standard output fails: as if its reader had gone, unless `errno` says otherwise. */
  closeOutput(errno?: string): void;
  interrupt(): void;
}

/** An Io that keeps what is written. */
export function capturedIo(options: { stdin?: AsyncIterable<string | Uint8Array>; env?: Record<string, string>; tty?: boolean; cwd?: string; onOutput?: () => void } = {}): CapturedIo {
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
    env: options.env ?? {}, home: '/nonexistent', cwd: options.cwd ?? '/',
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
