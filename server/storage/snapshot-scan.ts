/**
 * Reads a snapshot file from its first byte to its last, verified, into a sink.
 *
 * At a start in one go; in a running server a window a turn, so that nobody waits for the whole.
 */
import type { Timers } from '../host.ts';
import type { Disk, DiskError } from './disk.ts';
import type { SnapshotFile } from './snapshot-file.ts';
import { footerBytes, parseSnapshotFileName, snapshotBytesMin } from './snapshot-format.ts';
import { SnapshotCorruptionError, SnapshotParser } from './snapshot-parser.ts';
import type { SnapshotSink, StoredSnapshot } from './snapshot-store.ts';

const windowBytes = 256 * 1024;

/** Synchronous. Throws DiskError and SnapshotCorruptionError. */
export function scanSync(disk: Disk, file: string, sink: SnapshotSink): StoredSnapshot {
  const parser = new SnapshotParser(file, sink);
  let offset = 0;
  while (true) {
    const bytes = disk.readSync(file, offset, windowBytes);
    if (bytes.length === 0) return parser.finish();
    parser.push(bytes);
    offset += bytes.length;
  }
}

/**
 * Header and footer only: what a snapshot says of itself. The rest is verified when it is loaded.
 * Synchronous. Throws DiskError and SnapshotCorruptionError.
 */
export function readOutline(disk: Disk, file: string): StoredSnapshot {
  const size = disk.size(file);
  if (size < snapshotBytesMin) {
    throw new SnapshotCorruptionError(file, size, 'it is too short for a snapshot');
  }
  const parser = new SnapshotParser(file, null);
  let offset = 0;
  while (parser.meta === null) {
    const bytes = disk.readSync(file, offset, windowBytes);
    if (bytes.length === 0) parser.finish();
    parser.push(bytes);
    offset += bytes.length;
  }
  const footer = Buffer.from(disk.readSync(file, size - footerBytes, footerBytes));
  if (footer.length !== footerBytes || footer.readBigUInt64LE(4) !== BigInt(size)) {
    const what = 'it does not end with the footer of a file of its length';
    throw new SnapshotCorruptionError(file, size - footerBytes, what);
  }
  checkName(file, parser.meta);
  return { meta: parser.meta, fileBytes: size, fileChecksum: footer.readUInt32LE(12) };
}

/** A file under another one's name. Throws SnapshotCorruptionError. */
function checkName(file: string, meta: StoredSnapshot['meta']): void {
  const id = parseSnapshotFileName(file);
  const { lastIncludedIndex: index, lastIncludedTerm: term } = meta;
  if (id?.lastIncludedIndex === index && id.lastIncludedTerm === term) return;
  throw new SnapshotCorruptionError(file, 0, `it holds the snapshot ${index} of term ${term}`);
}

export type ScanError = DiskError | SnapshotCorruptionError;

export type Readable = Pick<SnapshotFile, 'name' | 'read'>;

interface Scan {
  readonly file: Readable;
  readonly sink: SnapshotSink | null;
  readonly timers: Timers;
}

/** A window a turn. `done` gets what is there, or why it is not good. */
export function scan(
  { file, sink, timers }: Scan,
  done: (error: ScanError | null, stored: StoredSnapshot | null) => void,
): void {
  const parser = new SnapshotParser(file.name, sink);
  const readFrom = (offset: number): void => {
    file.read(offset, windowBytes, (error, bytes) => {
      if (error !== null) {
        done(error, null);
        return;
      }
      const outcome = attempt(() => (bytes.length === 0 ? parser.finish() : parser.push(bytes)));
      if (outcome instanceof SnapshotCorruptionError) done(outcome, null);
      else if (outcome !== undefined) done(null, outcome);
      else timers.after(0, () => readFrom(offset + bytes.length));
    });
  };
  readFrom(0);
}

/** Other errors pass: they are nobody's to handle here. */
function attempt<T>(action: () => T): T | SnapshotCorruptionError {
  try {
    return action();
  } catch (error) {
    if (error instanceof SnapshotCorruptionError) return error;
    throw error;
  }
}
