/**
 * A disk in memory for tests of the log: it loses at a power loss what was not synced, sector by
 * sector and name by name, in any combination; and after a sync that failed it shows what it lost
 * for good, as long as nobody writes there again.
 */
import { type Disk, DiskError, type Done } from './disk.ts';

/** Small, so that records of tests lie across many of them. */
const sectorBytes = 16;

interface Change {
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** The file's length afterwards, where it is not null. */
  readonly length: number | null;
}

class TestFile {
  visible: Buffer = Buffer.alloc(0);
  durable: Buffer = Buffer.alloc(0);
  /** Since the last sync; the issued ones are not done yet. */
  pending: Change[] = [];
  issued: Change[] = [];
}

type Names = Map<string, TestFile>;
type NameChange = (names: Names) => void;

interface Task {
  readonly queue: string;
  readonly run: () => void;
}

export class WalTestDisk implements Disk {
  /** An error fails the operation. */
  fault: (operation: string, file: string) => DiskError | null = () => null;
  readonly #random: () => number;
  #names: Names = new Map();
  #durableNames: Names = new Map();
  #nameChanges: NameChange[] = [];
  #tasks: Task[] = [];

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Files that are there, durably. Their bytes are shared and never written to. */
  static holding(files: ReadonlyMap<string, Buffer>): WalTestDisk {
    const disk = new WalTestDisk(() => 0.5);
    for (const [name, bytes] of files) {
      const file = new TestFile();
      file.visible = bytes;
      file.durable = bytes;
      disk.#names.set(name, file);
      disk.#durableNames.set(name, file);
    }
    return disk;
  }

  contents(): Map<string, Buffer> {
    return new Map([...this.#names].map(([name, { visible }]) => [name, Buffer.from(visible)]));
  }

  /** Runs what the operation begins to its end. */
  do(operation: (done: Done) => void): DiskError | null {
    let outcome: DiskError | null | undefined;
    operation((error) => {
      outcome = error;
    });
    while (outcome === undefined && this.step());
    if (outcome === undefined) throw new RangeError('never called back');
    return outcome;
  }

  /** One of the operations that may be next ends. False: there is none. */
  step(): boolean {
    const queues = [...new Set(this.#tasks.map(({ queue }) => queue))];
    const queue = queues[Math.floor(this.#random() * queues.length)];
    const position = this.#tasks.findIndex((task) => task.queue === queue);
    const [task] = position < 0 ? [] : this.#tasks.splice(position, 1);
    task?.run();
    return task !== undefined;
  }

  /** The process is gone: of what was under way some was done. */
  kill(): void {
    this.#tasks = [];
    for (const file of this.#names.values()) {
      const count = this.#draw(file.issued.length + 1);
      for (const change of file.issued.slice(0, count)) apply(file, change);
      file.issued = [];
    }
  }

  losePower(): void {
    this.#tasks = [];
    for (const change of this.#nameChanges) {
      if (this.#random() < 0.5) change(this.#durableNames);
    }
    this.#nameChanges = [];
    this.#names = new Map(this.#durableNames);
    for (const file of this.#names.values()) {
      this.#tear(file, [...file.pending, ...file.issued]);
      file.visible = Buffer.from(file.durable);
      file.pending = [];
      file.issued = [];
    }
  }

  /** Each sector is as it was at some moment since the last sync, and so is the length. */
  #tear(file: TestFile, changes: readonly Change[]): void {
    const states = [file.durable];
    for (const change of changes) states.push(changed(states.at(-1) ?? file.durable, change));
    const pick = (): Buffer => states[this.#draw(states.length)] ?? file.durable;
    const torn = Buffer.alloc(pick().length);
    for (let offset = 0; offset < torn.length; offset += sectorBytes) {
      torn.set(pick().subarray(offset, Math.min(offset + sectorBytes, torn.length)), offset);
    }
    file.durable = torn;
  }

  #draw(count: number): number {
    return Math.floor(this.#random() * count);
  }

  list(): readonly string[] {
    return [...this.#names.keys()].sort();
  }

  size(file: string): number {
    return this.#find(file).visible.length;
  }

  readSync(file: string, offset: number, length: number): Uint8Array {
    return new Uint8Array(this.#find(file).visible.subarray(offset, offset + length));
  }

  read(
    file: string,
    offset: number,
    length: number,
    done: (error: DiskError | null, bytes: Uint8Array) => void,
  ): void {
    this.#later(file, () => done(null, this.readSync(file, offset, length)));
  }

  append(file: string, bytes: Uint8Array, done: Done): void {
    this.writeAt(file, this.#findOrCreate(file).visible.length, bytes, done);
  }

  writeAt(file: string, offset: number, bytes: Uint8Array, done: Done): void {
    const change = { offset, bytes: Uint8Array.from(bytes), length: null };
    this.#change('writeAt', { file, change }, done);
  }

  truncate(file: string, length: number, done: Done): void {
    this.#find(file);
    const change = { offset: 0, bytes: new Uint8Array(0), length };
    this.#change('truncate', { file, change }, done);
  }

  sync(file: string, done: Done): void {
    const found = this.#find(file);
    this.#later(file, () => {
      const error = this.fault('sync', file);
      if (error !== null) this.#tear(found, found.pending);
      else makeDurable(found);
      found.pending = [];
      done(error);
    });
  }

  rename(from: string, to: string, done: Done): void {
    this.#changeName('rename', from, done, (names) => {
      const moved = names.get(from);
      if (moved === undefined) return;
      names.delete(from);
      names.set(to, moved);
    });
  }

  remove(file: string, done: Done): void {
    this.#changeName('remove', file, done, (names) => names.delete(file));
  }

  syncDirectory(done: Done): void {
    this.#later('names', () => {
      const error = this.fault('syncDirectory', '.');
      if (error === null) this.#durableNames = new Map(this.#names);
      this.#nameChanges = [];
      done(error);
    });
  }

  #change(
    operation: string,
    { file, change }: { readonly file: string; readonly change: Change },
    done: Done,
  ): void {
    const found = this.#findOrCreate(file);
    found.issued.push(change);
    this.#later(file, () => {
      found.issued.shift();
      const error = this.fault(operation, file);
      if (error === null) apply(found, change);
      done(error);
    });
  }

  #changeName(operation: string, file: string, done: Done, change: NameChange): void {
    this.#later('names', () => {
      const error = this.fault(operation, file);
      if (error === null) {
        this.#find(file);
        change(this.#names);
        this.#nameChanges.push(change);
      }
      done(error);
    });
  }

  #find(name: string): TestFile {
    const file = this.#names.get(name);
    if (file === undefined) throw new DiskError('ENOENT', name, `there is no file ${name}`);
    return file;
  }

  #findOrCreate(name: string): TestFile {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const file = new TestFile();
    this.#names.set(name, file);
    this.#nameChanges.push((names) => names.set(name, file));
    return file;
  }

  #later(queue: string, run: () => void): void {
    this.#tasks.push({ queue, run });
  }
}

function apply(file: TestFile, change: Change): void {
  file.visible = changed(file.visible, change);
  file.pending.push(change);
}

function changed(before: Buffer, { offset, bytes, length }: Change): Buffer {
  const after = Buffer.alloc(length ?? Math.max(before.length, offset + bytes.length));
  before.copy(after, 0);
  after.set(bytes, offset);
  return after;
}

/** Only what was written: a sector that a failed sync has lost stays lost until it is written. */
function makeDurable(file: TestFile): void {
  const durable = Buffer.alloc(file.visible.length);
  file.durable.copy(durable, 0);
  for (const { offset, bytes } of file.pending) {
    const from = Math.floor(offset / sectorBytes) * sectorBytes;
    const to = Math.ceil((offset + bytes.length) / sectorBytes) * sectorBytes;
    durable.set(file.visible.subarray(from, to), from);
  }
  file.durable = durable;
}
