import type { SpoolFile, SpoolFiles } from '../ports.js';

type Mode = 'create' | 'write' | 'read';

/**
 * A file system that has at most `limit` descriptors open, however many files its user holds open: what was not used for
 * longest is closed, and opened again by its path when it is used. A file with bytes that are not synced keeps its descriptor,
 * because the disk's error is told to those only who had it open. Therefore at most `limit` - 2 files may hold such bytes
 * while their user waits for another file.
 */
export class OpenFiles implements SpoolFiles {
  readonly #files: SpoolFiles;
  readonly #limit: number;
  /** Those that have a descriptor; the one used longest ago first. */
  readonly #held = new Set<BoundedFile>();
  readonly #waiting: (() => void)[] = [];
  #slots = 0;

  constructor(files: SpoolFiles, limit: number) {
    this.#files = files;
    this.#limit = limit;
  }

  async open(path: string, mode: Mode): Promise<SpoolFile> {
    const file: BoundedFile = new BoundedFile(path, mode === 'read' ? 'read' : 'write', {
      open: (again) => this.#inSlot(() => this.#files.open(path, again), false),
      used: () => {
        this.#held.delete(file);
        this.#held.add(file);
      },
      unused: () => { this.#wake(); },
      closed: () => {
        this.#held.delete(file);
        this.#free();
      },
    });
    await file.begin(mode);
    return file;
  }

  list(folder: string): Promise<string[]> { return this.#inSlot(() => this.#files.list(folder)); }
  mkdir(folder: string): Promise<void> { return this.#inSlot(() => this.#files.mkdir(folder)); }
  syncFolder(folder: string): Promise<void> { return this.#inSlot(() => this.#files.syncFolder(folder)); }
  rmdir(folder: string): Promise<void> { return this.#files.rmdir(folder); }
  size(path: string): Promise<number> { return this.#files.size(path); }
  freeBytes(folder: string): Promise<number> { return this.#files.freeBytes(folder); }

  async unlink(path: string): Promise<void> {
    await this.#release(path);
    await this.#files.unlink(path);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#release(to);
    await this.#files.rename(from, to);
  }

  /** A file that is deleted takes its room on the disk for as long as somebody has it open. */
  async #release(path: string): Promise<void> {
    for (const file of [...this.#held]) if (file.path === path) await file.release();
  }

  async #inSlot<T>(work: () => Promise<T>, freeAfter = true): Promise<T> {
    await this.#take();
    let done = false;
    try {
      const result = await work();
      done = true;
      return result;
    } finally {
      if (freeAfter || !done) this.#free();
    }
  }

  async #take(): Promise<void> {
    while (this.#slots >= this.#limit) {
      const oldest = [...this.#held].find((file) => file.isIdle);
      if (oldest === undefined) await new Promise<void>((resolve) => { this.#waiting.push(resolve); });
      else await oldest.release();
    }
    this.#slots++;
  }

  #free(): void {
    this.#slots--;
    this.#wake();
  }

  #wake(): void {
    this.#waiting.shift()?.();
  }
}

interface Keeper {
  open(mode: Mode): Promise<SpoolFile>;
  used(): void;
  unused(): void;
  closed(): void;
}

/** A file that can be used until it is closed, whether it has a descriptor or not. */
class BoundedFile implements SpoolFile {
  readonly path: string;
  readonly #again: 'write' | 'read';
  readonly #keeper: Keeper;
  #handle: Promise<SpoolFile> | undefined;
  #users = 0;
  /** Counts what changes the file, and how much of that is synced. */
  #changes = 0;
  #synced = 0;
  /** To be given back when nobody uses it. */
  #released = false;
  #closed = false;

  constructor(path: string, again: 'write' | 'read', keeper: Keeper) {
    this.path = path;
    this.#again = again;
    this.#keeper = keeper;
  }

  get isIdle(): boolean {
    return this.#handle !== undefined && this.#users === 0 && this.#synced === this.#changes;
  }

  begin(mode: Mode): Promise<void> {
    return this.#use(() => Promise.resolve(), mode);
  }

  write(chunks: readonly Uint8Array[], position: number): Promise<number> {
    this.#changes++;
    return this.#use((file) => file.write(chunks, position));
  }

  read(buffer: Uint8Array, position: number): Promise<number> {
    return this.#use((file) => file.read(buffer, position));
  }

  truncate(length: number): Promise<void> {
    this.#changes++;
    return this.#use((file) => file.truncate(length));
  }

  size(): Promise<number> {
    return this.#use((file) => file.size());
  }

  datasync(): Promise<void> {
    const upTo = this.#changes;
    return this.#use(async (file) => {
      await file.datasync();
      this.#synced = upTo;
    });
  }

  close(): Promise<void> {
    this.#closed = true;
    return this.release();
  }

  /** Gives the descriptor back, now or after the last one who uses it. */
  async release(): Promise<void> {
    this.#released = true;
    if (this.#users > 0 || this.#handle === undefined) return;
    const handle = this.#handle;
    this.#handle = undefined;
    try {
      await (await handle).close();
    } catch { /* What matters was synced before. */ }
    this.#keeper.closed();
  }

  async #use<T>(work: (file: SpoolFile) => Promise<T>, mode: Mode = this.#again): Promise<T> {
    if (this.#closed) throw Object.assign(new Error('the file is closed'), { code: 'EBADF' });
    this.#users++;
    try {
      return await work(await this.#open(mode));
    } finally {
      this.#users--;
      if (this.#users > 0) this.#keeper.used();
      else if (this.#released) await this.release();
      else this.#keeper.unused();
    }
  }

  async #open(mode: Mode): Promise<SpoolFile> {
    if (this.#handle === undefined) {
      this.#released = false;
      const opening = this.#keeper.open(mode);
      this.#handle = opening;
      opening.catch(() => { if (this.#handle === opening) this.#handle = undefined; });
    }
    const file = await this.#handle;
    this.#keeper.used();
    return file;
  }
}
