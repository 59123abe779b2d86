/**
 * Writes one snapshot to a temporary file, a piece a turn, and syncs it.
 *
 * Nothing depends on that file: it may be abandoned at any moment, and is removed then.
 */
import type { CrashPoints } from '../crash-points.ts';
import type { Timers } from '../host.ts';
import type { SnapshotMeta } from '../raft/entry.ts';
import type { Disk, DiskError } from './disk.ts';
import { SnapshotEncoder } from './snapshot-format.ts';
import type { SnapshotSource, StoredSnapshot } from './snapshot-store.ts';

/** So that no single sync has so much to do that the log's have to wait for it. */
export const syncEveryBytes: number = 8 * 1024 * 1024;

interface Surroundings {
  readonly disk: Disk;
  readonly timers: Timers;
  readonly crashPoints: CrashPoints;
}

interface Job {
  readonly file: string;
  readonly meta: SnapshotMeta;
  readonly source: SnapshotSource;
}

/** Null without an error: it was abandoned, and nothing of it is left. */
type WriterDone = (error: DiskError | null, stored: StoredSnapshot | null) => void;

export class SnapshotWriter {
  readonly meta: SnapshotMeta;
  readonly #surroundings: Surroundings;
  readonly #file: string;
  readonly #source: SnapshotSource;
  readonly #encoder: SnapshotEncoder;
  readonly #done: WriterDone;
  #abandoned = false;
  #syncedBytes = 0;

  constructor(surroundings: Surroundings, { file, meta, source }: Job, done: WriterDone) {
    this.meta = meta;
    this.#surroundings = surroundings;
    this.#file = file;
    this.#source = source;
    this.#encoder = new SnapshotEncoder(meta);
    this.#done = done;
  }

  start(): void {
    const { timers } = this.#surroundings;
    timers.after(0, () => this.#append(this.#encoder.header, () => this.#nextPiece()));
  }

  /** Takes effect at the next step, and none when the file is whole already. */
  abandon(): void {
    this.#abandoned = true;
  }

  #nextPiece(): void {
    const { disk, timers, crashPoints } = this.#surroundings;
    if (this.#abandoned) {
      disk.remove(this.#file, (error) => this.#done(error, null));
      return;
    }
    const piece = this.#source.next();
    if (piece === null) {
      this.#append(this.#encoder.encodeFooter(), () => this.#finish());
      return;
    }
    this.#append(this.#encoder.encodePiece(piece), () => {
      crashPoints.reach('snapshot.during-write');
      this.#maybeSync(() => timers.after(0, () => this.#nextPiece()));
    });
  }

  #append(bytes: Uint8Array, then: () => void): void {
    this.#surroundings.disk.append(this.#file, bytes, (error) => this.#continue(error, then));
  }

  #maybeSync(then: () => void): void {
    const { fileBytes } = this.#encoder;
    if (fileBytes - this.#syncedBytes < syncEveryBytes) {
      then();
      return;
    }
    this.#syncedBytes = fileBytes;
    this.#surroundings.disk.sync(this.#file, (error) => this.#continue(error, then));
  }

  #finish(): void {
    const { disk, crashPoints } = this.#surroundings;
    crashPoints.reach('snapshot.after-write-before-fsync');
    disk.sync(this.#file, (error) => {
      const { fileBytes, checksum: fileChecksum } = this.#encoder;
      this.#continue(error, () => this.#done(null, { meta: this.meta, fileBytes, fileChecksum }));
    });
  }

  #continue(error: DiskError | null, then: () => void): void {
    if (error === null) then();
    else this.#done(error, null);
  }
}
