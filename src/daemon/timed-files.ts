import type { Clock, SpoolFiles } from '../ports.js';

/** The same file system; `synced` is told how many seconds each successful fdatasync took. */
export function timedFiles(files: SpoolFiles, clock: Clock, synced: (seconds: number) => void): SpoolFiles {
  return {
    ...files,
    async open(path, mode) {
      const file = await files.open(path, mode);
      return {
        ...file,
        async datasync() {
          const beganMs = clock.monotonic();
          await file.datasync();
          synced((clock.monotonic() - beganMs) / 1000);
        },
      };
    },
  };
}
