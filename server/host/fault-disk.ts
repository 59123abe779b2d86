/**
 * A disk that can be made to fail, for tests (`--fault-disk FOLDER`): around the real one.
 *
 * What is written is in the real files at once, so SIGKILL loses nothing, as on any machine whose
 * power stays. What a power loss would take stands in the undo journal until it is synced: whoever
 * plays one kills the process and undoes the journal. Files are changed by nobody else.
 */
import { closeSync, linkSync, openSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Disk, DiskError, type Done } from '../storage/disk.ts';
import { FaultControl } from './fault-control.ts';
import { toDiskError } from './file-disk.ts';
import { keptFile, type Pending, UndoJournal } from './undo-journal.ts';

interface KnownFile {
  readonly inode: number;
  /** With what is under way. */
  size: number;
}

/** Throws DiskError when the folder cannot be used: it must be on the file system of the data. */
export function openFaultDisk(disk: Disk, dataFolder: string, folder: string): Disk {
  try {
    return new FaultDisk(disk, resolve(dataFolder), resolve(folder));
  } catch (error) {
    throw toDiskError(folder, error) ?? error;
  }
}

class FaultDisk implements Disk {
  readonly #disk: Disk;
  readonly #dataFolder: string;
  readonly #folder: string;
  readonly #journal: UndoJournal;
  readonly #control: FaultControl;
  readonly #files = new Map<string, KnownFile>();

  constructor(disk: Disk, dataFolder: string, folder: string) {
    this.#disk = disk;
    this.#dataFolder = dataFolder;
    this.#folder = folder;
    this.#journal = new UndoJournal(folder);
    this.#control = new FaultControl(folder);
    // A file that is removed is kept by a second name, which no other file system can give it.
    if (statSync(folder).dev === statSync(dataFolder).dev) return;
    throw new DiskError('EXDEV', folder, 'it is on another file system than the data directory');
  }

  list(): readonly string[] {
    return this.#disk.list();
  }

  size(file: string): number {
    return this.#disk.size(file);
  }

  readSync(file: string, offset: number, length: number): Uint8Array {
    return this.#disk.readSync(file, offset, length);
  }

  read(
    file: string,
    offset: number,
    length: number,
    done: (error: DiskError | null, bytes: Uint8Array) => void,
  ): void {
    this.#disk.read(file, offset, length, done);
  }

  append(file: string, bytes: Uint8Array, done: Done): void {
    this.#write(file, done, () => {
      const known = this.#find(file);
      const pending = this.#noteWrite(file, known.size, bytes);
      this.#disk.append(file, bytes, whenDone(pending, done));
    });
  }

  writeAt(file: string, offset: number, bytes: Uint8Array, done: Done): void {
    this.#write(file, done, () => {
      const pending = this.#noteWrite(file, offset, bytes);
      this.#disk.writeAt(file, offset, bytes, whenDone(pending, done));
    });
  }

  truncate(file: string, length: number, done: Done): void {
    attempt(file, done, () => {
      const known = this.#find(file);
      const { inode, size } = known;
      const old = this.#contentsOf(file, length, size - length);
      const pending = this.#journal.contents({ inode, size, offset: length, old, bytes: 0 });
      known.size = length;
      this.#disk.truncate(file, length, whenDone(pending, done));
    });
  }

  sync(file: string, done: Done): void {
    attempt(file, done, () => {
      const { inode } = this.#find(file);
      this.#sync(inode, { file, done }, (synced) => this.#disk.sync(file, synced));
    });
  }

  syncDirectory(done: Done): void {
    attempt('.', done, () => {
      this.#sync(null, { file: '.', done }, (synced) => this.#disk.syncDirectory(synced));
    });
  }

  rename(from: string, to: string, done: Done): void {
    attempt(from, done, () => {
      const moved = this.#find(from);
      const replaced = this.#exists(to) ? this.#find(to).inode : null;
      const pending = this.#journal.names({ type: 'renamed', from, name: to, replaced });
      if (replaced !== null) this.#keep(to, replaced);
      this.#files.delete(from);
      this.#files.set(to, moved);
      this.#disk.rename(from, to, whenDone(pending, done));
    });
  }

  remove(file: string, done: Done): void {
    attempt(file, done, () => {
      const { inode } = this.#find(file);
      const pending = this.#journal.names({ type: 'removed', name: file, inode });
      this.#keep(file, inode);
      this.#files.delete(file);
      this.#disk.remove(file, whenDone(pending, done));
    });
  }

  /** What needs room. */
  #write(file: string, done: Done, action: () => void): void {
    attempt(file, done, () => {
      const refusal = this.#control.refusal(file);
      if (refusal !== null) throw refusal;
      if (!this.#exists(file)) this.#create(file);
      action();
    });
  }

  #noteWrite(file: string, offset: number, bytes: Uint8Array): Pending {
    const known = this.#find(file);
    const { inode, size } = known;
    const end = offset + bytes.length;
    const old = this.#contentsOf(file, offset, Math.min(end, size) - offset);
    const lost = isZeros(bytes) ? 0 : bytes.length;
    known.size = Math.max(size, end);
    return this.#journal.contents({ inode, size, offset, old, bytes: lost });
  }

  #contentsOf(file: string, offset: number, length: number): string | number {
    if (length <= 0) return 0;
    const bytes = this.#disk.readSync(file, offset, length);
    return isZeros(bytes) ? bytes.length : Buffer.from(bytes).toString('base64');
  }

  /** The sync covers what was done when it was asked for, and nothing that comes later. */
  #sync(
    inode: number | null,
    { file, done }: { readonly file: string; readonly done: Done },
    begin: (synced: Done) => void,
  ): void {
    const reach = this.#journal.reach(inode);
    const synced: Done = (error) => done(error ?? this.#noteDurable(inode, reach));
    this.#control.sync(file, () => begin(synced), done);
  }

  #noteDurable(inode: number | null, reach: number): DiskError | null {
    try {
      this.#journal.durable(inode, reach);
      return null;
    } catch (error) {
      return toDiskError(this.#folder, error);
    }
  }

  #create(file: string): void {
    this.#journal.names({ type: 'created', name: file }).isDone = true;
    closeSync(openSync(this.#path(file), 'a', 0o600));
  }

  #keep(file: string, inode: number): void {
    const kept = join(this.#folder, keptFile(inode));
    rmSync(kept, { force: true });
    linkSync(this.#path(file), kept);
  }

  #exists(file: string): boolean {
    if (this.#files.has(file)) return true;
    return statSync(this.#path(file), { throwIfNoEntry: false }) !== undefined;
  }

  #find(file: string): KnownFile {
    const known = this.#files.get(file);
    if (known !== undefined) return known;
    const { ino: inode, size } = statSync(this.#path(file));
    const found = { inode, size };
    this.#files.set(file, found);
    return found;
  }

  #path(file: string): string {
    return join(this.#dataFolder, file);
  }
}

function whenDone(pending: Pending, done: Done): Done {
  return (error) => {
    pending.isDone = true;
    done(error);
  };
}

/** Trouble is told later, as by any disk. */
function attempt(file: string, failed: Done, action: () => void): void {
  try {
    action();
  } catch (error) {
    const failure = toDiskError(file, error);
    queueMicrotask(() => failed(failure));
  }
}

/** Most writes show with their first bytes that they are not. */
function isZeros(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== 0) return false;
  return true;
}
