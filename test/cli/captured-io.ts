import type { Io, Output } from '../../src/cli/io.js';

export interface CapturedIo extends Io {
  out(): string;
  err(): string;
  /** As if the reader of standard output had gone, from now on. */
  closeOutput(): void;
  interrupt(): void;
}

/** An Io that keeps what is written. */
export function capturedIo(options: { stdin?: AsyncIterable<string | Uint8Array>; env?: Record<string, string>; tty?: boolean; cwd?: string; onOutput?: () => void } = {}): CapturedIo {
  const text = { out: '', err: '' };
  const listeners: (() => void)[] = [];
  let open = true;
  const output = (name: 'out' | 'err'): Output => ({
    isTTY: options.tty === true,
    on: () => undefined,
    write(chunk, done) {
      if (name === 'out' && !open) { setImmediate(() => { done?.(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })); }); return false; }
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
    closeOutput() { open = false; },
    interrupt() { for (const listener of listeners) listener(); },
  };
}

export async function* from(chunks: readonly (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  for (const chunk of chunks) { await Promise.resolve(); yield chunk; }
}
