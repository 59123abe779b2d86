/**
 * What is wrong with a fault disk now: full, slow, or failing at syncs, as `control.json` in its
 * folder says.
 *
 * The file is looked at before each operation, so that whatever comes after it was put there (by a
 * rename) is hit. `met.json` tells what was read and whom it has hit.
 */
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DiskError } from '../storage/disk.ts';

const controlFile = 'control.json';
const metFile = 'met.json';

export interface FaultControls {
  /** No write finds room (ENOSPC), not even over what is there: as where nothing is overwritten. */
  readonly full: boolean;
  /** Syncs fail (EIO). */
  readonly failSyncs: boolean;
  /** At most so many syncs a second; null: as fast as they go. */
  readonly syncsPerS: number | null;
}

const none: FaultControls = { full: false, failSyncs: false, syncsPerS: null };

export class FaultControl {
  readonly #folder: string;
  #seen = '';
  #controls = none;
  #nextSyncMs = 0;
  readonly #met = { refusedWrites: 0, failedSyncs: 0, delayedSyncs: 0 };

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Why the write cannot be done; null: it can. */
  refusal(file: string): DiskError | null {
    if (!this.#look().full) return null;
    this.#met.refusedWrites += 1;
    this.#tell();
    return new DiskError('ENOSPC', file, 'ENOSPC: no space left on device (--fault-disk)');
  }

  /** Begins the sync when its turn has come, or says why it fails. */
  sync(file: string, begin: () => void, fail: (error: DiskError) => void): void {
    const { failSyncs, syncsPerS } = this.#look();
    if (failSyncs) {
      this.#met.failedSyncs += 1;
      this.#tell();
      const error = new DiskError('EIO', file, 'EIO: i/o error, fdatasync (--fault-disk)');
      queueMicrotask(() => fail(error));
      return;
    }
    if (syncsPerS === null) {
      begin();
      return;
    }
    const nowMs = performance.now();
    const turnMs = Math.max(nowMs, this.#nextSyncMs);
    this.#nextSyncMs = turnMs + 1000 / syncsPerS;
    if (turnMs === nowMs) {
      begin();
      return;
    }
    this.#met.delayedSyncs += 1;
    this.#tell();
    setTimeout(begin, turnMs - nowMs);
  }

  #look(): FaultControls {
    const path = join(this.#folder, controlFile);
    const found = statSync(path, { throwIfNoEntry: false });
    const seen = found === undefined ? '' : `${found.ino} ${found.mtimeMs} ${found.size}`;
    if (seen === this.#seen) return this.#controls;
    this.#seen = seen;
    this.#controls = found === undefined ? none : narrow(JSON.parse(readFileSync(path, 'utf8')));
    this.#nextSyncMs = 0;
    this.#tell();
    return this.#controls;
  }

  #tell(): void {
    const path = join(this.#folder, metFile);
    writeFileSync(`${path}.new`, JSON.stringify({ ...this.#controls, ...this.#met }));
    renameSync(`${path}.new`, path);
  }
}

function narrow(given: unknown): FaultControls {
  const { full, failSyncs, syncsPerS } = (given ?? {}) as Readonly<Record<string, unknown>>;
  return {
    full: full === true,
    failSyncs: failSyncs === true,
    syncsPerS: typeof syncsPerS === 'number' && syncsPerS > 0 ? syncsPerS : null,
  };
}
