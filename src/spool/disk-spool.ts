import { join } from 'node:path';
import { errnoOf, RaxedError } from '../errors.js';
import type { Share } from './budget.js';
import { Budget, streamKey } from './budget.js';
import { idAsFolder, isId, PROBE_FILE, REMOVED_SUFFIX } from './names.js';
import { ignoreErrors, removeIfThere, syncIfThere, writeAll } from './replacement.js';
import { NO_RESERVE } from './reserve.js';
import { spoolError } from './spool-error.js';
import type { Spool, SpoolOptions, SpoolPorts, SpoolReport, SpoolStats, Stream, StreamId } from './spool.js';
import { CustomerStream } from './stream.js';
import { removeTree, treeBytes } from './tree.js';
import { Turns } from './turns.js';

/** What a probe writes: a block of its own on every file system. */
const PROBE_BYTES = 4096;
const TICK_MS = 1000;

/** The spool on a file system: the table of its streams, the budget over all of them, and the clock that tends them. */
export class DiskSpool<P extends Uint8Array> implements Spool<P> {
  readonly #ports: SpoolPorts;
  readonly #budget: Budget;
  readonly #streams = new Map<string, Promise<CustomerStream<P>>>();
  readonly #open = new Map<string, CustomerStream<P>>();
  /** Streams on the disk that nobody has opened: their size, for the budget. */
  readonly #dormant = new Map<string, { readonly id: StreamId; readonly bytes: number }>();
  readonly #stopped = new AbortController();
  #options: SpoolOptions;
  #dropped = 0;
  readonly #probes = new Turns();
  readonly #ticks = new Turns();
  /** Whoever opens one of these gets a new one, afterwards. */
  readonly #removing = new Map<string, Promise<void>>();

  constructor(options: SpoolOptions, ports: SpoolPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#budget = new Budget(options.folder, options, {
      ...ports,
      reserve: ports.reserve ?? NO_RESERVE,
      dropOldest: (asking) => this.#dropOldest(asking),
      onFull: (stream) => { this.#report({ kind: 'full', stream, bytes: this.#budget.bytes }); },
      onRoom: (stream) => { this.#report({ kind: 'healed', stream }); },
    });
  }

  async start(): Promise<void> {
    await this.#quietly(async () => {
      await this.#ports.files.mkdir(this.#options.folder);
      await this.#findStreams();
    });
    void this.#tickForever();
  }

  reconfigure(options: Partial<Omit<SpoolOptions, 'folder'>>): void {
    this.#options = { ...this.#options, ...options };
    this.#budget.reconfigure(this.#options);
  }

  async openStream(id: StreamId): Promise<Stream<P>> {
    await this.#removing.get(streamKey(id))?.catch(() => undefined);
    return this.#openStream(id);
  }

  streams(): readonly StreamId[] {
    return [...[...this.#open.values()].map((stream) => stream.id), ...[...this.#dormant.values()].map(({ id }) => id)];
  }

  opened(): readonly Stream<P>[] {
    return [...this.#open.values()];
  }

  removeStream(id: StreamId): Promise<void> {
    const key = streamKey(id);
    const known = this.#removing.get(key);
    if (known !== undefined) return known;
    const removing = this.#removeStream(id).finally(() => { this.#removing.delete(key); });
    this.#removing.set(key, removing);
    return removing;
  }

  probe(): Promise<void> {
    return this.#probes.take(() => this.#probeOnce()).catch((error: unknown) => { throw spoolError('write', error); });
  }

  tick(): Promise<void> {
    return this.#ticks.take(async () => {
      const [next] = this.#dormant;
      if (next !== undefined) {
        // One that cannot be opened does not hold up the others.
        this.#dormant.delete(next[0]);
        this.#dormant.set(...next);
        await this.#quietly(() => this.#openStream(next[1].id));
      }
      for (const stream of [...this.#open.values()]) await stream.tick();
      await this.#budget.refresh();
    });
  }

  stats(): SpoolStats {
    const { bytes, rejected, failing, full } = this.#budget;
    const state = failing.size > 0 ? 'failing' : full ? 'full' : 'ok';
    return { bytes, maxBytes: this.#options.maxBytes, rejected, dropped: this.#dropped, state, streams: this.#open.size };
  }

  async close(): Promise<void> {
    this.#stopped.abort();
    await this.#ticks.ended();
    const streams = [...this.#streams.values()];
    await Promise.all(streams.map((stream) => this.#quietly(async () => (await stream).close())));
    await this.#probes.ended();
  }

  async #removeStream(id: StreamId): Promise<void> {
    const folder = this.#folderOf(id);
    const { files } = this.#ports;
    const key = streamKey(id);
    const stream = await this.#openStream(id);
    this.#streams.delete(key);
    this.#open.delete(key);
    await stream.close();
    try {
      // Renamed first: after a crash half way, the customer's folder is gone all the same.
      if ((await files.list(folder)).length > 0) await files.rename(folder, `${folder}.${this.#ports.clock.now()}${REMOVED_SUFFIX}`);
      // Those, too, that an earlier call began and the disk stopped.
      const parent = join(folder, '..');
      for (const name of await files.list(parent)) if (name.startsWith(`${id.customerId}.`) && name.endsWith(REMOVED_SUFFIX)) await this.#finishRemoval(join(parent, name));
      await syncIfThere(files, parent);
    } catch (error) {
      throw spoolError('write', error);
    } finally {
      const share = this.#budget.share(id);
      share.add(-share.bytes);
    }
  }

  #openStream(id: StreamId): Promise<CustomerStream<P>> {
    if (this.#stopped.signal.aborted) return Promise.reject(new RaxedError('STOPPING', 'the spool is closed'));
    const key = streamKey(id);
    const known = this.#streams.get(key);
    if (known !== undefined) return known;
    const opening = this.#openNow(key, id);
    this.#streams.set(key, opening);
    opening.catch(() => { this.#streams.delete(key); });
    return opening;
  }

  async #openNow(key: string, id: StreamId): Promise<CustomerStream<P>> {
    const folder = this.#folderOf(id);
    const stream = await CustomerStream.open<P>({ msspId: id.msspId, customerId: id.customerId }, folder, {
      ...this.#ports,
      budget: this.#budget.share(id),
      options: () => this.#options,
      report: (report) => { this.#report(report); },
      healed: () => { this.#report({ kind: 'healed', stream: id }); },
    });
    this.#budget.share(id).add(-(this.#dormant.get(key)?.bytes ?? 0));
    this.#dormant.delete(key);
    this.#open.set(key, stream);
    return stream;
  }

  /** Who has most beyond its guarantee pays, so that one noisy customer costs no other one. */
  async #dropOldest(asking: Share): Promise<boolean> {
    const payers = [...this.#open.values()]
      .map((stream) => { const share = this.#budget.share(stream.id); return { stream, share, excess: this.#budget.excess(share) }; })
      .filter(({ share, excess }) => excess > 0 || share === asking)
      .sort((a, b) => b.excess - a.excess);
    for (const { stream } of payers) {
      try {
        if (await stream.dropOldest()) return true;
      } catch (error) {
        this.#ports.logger.warn({ error }, 'cannot drop the oldest events');
      }
    }
    return false;
  }

  /** Where writes failed, the disk is asked in the same folder: it may take what another one refuses. */
  async #probeOnce(): Promise<void> {
    const { folder } = this.#options;
    await this.#ports.files.mkdir(folder);
    await this.#probeFolder(folder);
    const { failing } = this.#budget;
    const wasFailing = failing.size > 0;
    for (const log of [...failing]) {
      // Not there: its customer was deleted, or the next append makes it again.
      await this.#probeFolder(log.folder).catch((error: unknown) => { if (errnoOf(error) !== 'ENOENT') throw error; });
      failing.delete(log);
    }
    if (wasFailing) this.#report({ kind: 'healed' });
    if (!await this.#budget.hasRoom(PROBE_BYTES)) throw new RaxedError('SPOOL_FULL', 'the spool takes nothing more');
  }

  async #probeFolder(folder: string): Promise<void> {
    const { files, clock } = this.#ports;
    const path = join(folder, PROBE_FILE);
    await removeIfThere(files, path);
    const file = await files.open(path, 'create');
    try {
      await writeAll(file, [Buffer.alloc(PROBE_BYTES, String(clock.now()))], 0);
      await file.datasync();
    } finally {
      await ignoreErrors(() => file.close());
      await ignoreErrors(() => files.unlink(path));
    }
  }

  async #findStreams(): Promise<void> {
    const { files } = this.#ports;
    const { folder } = this.#options;
    for (const msspId of (await files.list(folder)).filter(isId)) {
      await this.#quietly(async () => {
        for (const customerId of await files.list(join(folder, msspId))) await this.#quietly(() => this.#findStream(msspId, customerId));
      });
    }
  }

  async #findStream(msspId: string, customerId: string): Promise<void> {
    const { files } = this.#ports;
    const path = join(this.#options.folder, msspId, customerId);
    if (customerId.endsWith(REMOVED_SUFFIX)) await this.#finishRemoval(path);
    else if (isId(customerId)) this.#sleep({ msspId, customerId }, await treeBytes(files, path));
  }

  /** A power cut must not bring half of it back. */
  async #finishRemoval(folder: string): Promise<void> {
    await this.#ports.files.syncFolder(join(folder, '..'));
    await removeTree(this.#ports.files, folder);
  }

  #sleep(id: StreamId, bytes: number): void {
    this.#dormant.set(streamKey(id), { id, bytes });
    this.#budget.share(id).add(bytes);
  }

  async #tickForever(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await this.#ports.clock.sleep(TICK_MS, signal);
      if (!signal.aborted) await this.#quietly(() => this.tick());
    }
  }

  #folderOf(id: StreamId): string {
    return join(this.#options.folder, idAsFolder(id.msspId), idAsFolder(id.customerId));
  }

  #report(report: SpoolReport): void {
    if (report.kind === 'dropped_oldest') this.#dropped += report.count ?? 0;
    this.#ports.onReport(report);
  }

  async #quietly(action: () => Promise<unknown>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.#ports.logger.warn({ error }, 'the spool could not finish a piece of work; it goes on');
    }
  }
}
