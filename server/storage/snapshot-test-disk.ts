/**
 * A machine for tests of what lies on disk: a disk in memory that loses what was not synced, and
 * timers, all on one queue that the test steps through.
 *
 * Operations end in an order that the seed draws (those of one file keep theirs). It is stricter
 * than a disk has to be: a file that is read or written may not be renamed or removed meanwhile.
 */
import type { CrashPointName } from '../crash-points.ts';
import type { Host } from '../host.ts';
import { type Disk, DiskError, type Done } from './disk.ts';

/** Equal seeds give equal numbers in [0, 1). */
export function createTestRandom(seed: number): () => number {
  let state = (seed * 0x9e37_79b9 + 0x1234_5678) | 0;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

interface Change {
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** The length afterwards is this one, where it is not null. */
  readonly truncateTo: number | null;
  applied: boolean;
}

/** Its contents as readers see them, as a power loss leaves them, and what is in between. */
class TestFile {
  visible: Buffer = Buffer.alloc(0);
  durable: Buffer = Buffer.alloc(0);
  changes: Change[] = [];
  /** Operations under way. */
  busy = 0;

  /** Where an append goes that is issued now. */
  get appendOffset(): number {
    const ends = this.changes.map(({ offset, bytes }) => offset + bytes.length);
    return Math.max(this.visible.length, ...ends);
  }

  apply(change: Change): void {
    change.applied = true;
    this.visible = applyChange(this.visible, change);
  }

  sync(): void {
    this.durable = Buffer.from(this.visible);
    this.changes = this.changes.filter(({ applied }) => !applied);
  }
}

function applyChange(before: Buffer, { offset, bytes, truncateTo }: Change): Buffer {
  const after = Buffer.alloc(Math.max(before.length, offset + bytes.length));
  after.set(before, 0);
  after.set(bytes, offset);
  return truncateTo === null ? after : after.subarray(0, truncateTo);
}

type Names = Map<string, TestFile>;
type NameChange = (names: Names) => void;

/** What a power loss takes of that which it may take. */
export type Loss = 'everything' | 'nothing' | 'some';

/** Thrown at a crash point that was asked for: nothing behind it runs. */
export class TestCrash extends Error {
  override readonly name = 'TestCrash';
}

interface Task {
  readonly queue: string;
  readonly run: () => void;
}

export class TestMachine {
  readonly reached: CrashPointName[] = [];
  readonly logged: string[] = [];
  /** Consulted before each operation that changes or syncs; an error fails it. */
  fault: (operation: string, file: string) => DiskError | null = () => null;
  crashAt: CrashPointName | null = null;
  readonly #random: () => number;
  #names: Names = new Map();
  #durableNames: Names = new Map();
  #nameChanges: NameChange[] = [];
  #tasks: Task[] = [];
  #count = 0;

  constructor(seed: number) {
    this.#random = createTestRandom(seed);
  }

  host(): Pick<Host, 'disk' | 'timers' | 'crashPoints' | 'log' | 'random'> {
    return {
      disk: this.#createDisk(),
      timers: {
        now: () => 0,
        after: (_delayMs, callback) => {
          this.#count += 1;
          this.#later(`timer ${this.#count}`, callback);
          return this.#count;
        },
        cancel: () => undefined,
      },
      crashPoints: {
        reach: (name) => {
          this.reached.push(name);
          if (name === this.crashAt) throw new TestCrash(name);
        },
      },
      log: { event: (_level, name) => this.logged.push(name) },
      random: { next: () => this.#random() },
    };
  }

  /** One step, of those that may be next. False: nothing is left to do. */
  step(): boolean {
    const queues = [...new Set(this.#tasks.map(({ queue }) => queue))];
    const queue = queues[Math.floor(this.#random() * queues.length)];
    const position = this.#tasks.findIndex((task) => task.queue === queue);
    if (position < 0) return false;
    const [task] = this.#tasks.splice(position, 1);
    task?.run();
    return true;
  }

  /** Until nothing is left to do. */
  run(): void {
    for (let steps = 0; this.step(); steps += 1) {
      if (steps > 1_000_000) throw new RangeError('it never ends');
    }
  }

  /** The power is gone, and comes back. */
  crash(loss: Loss): void {
    this.#tasks = [];
    this.crashAt = null;
    const kept = Math.round(this.#share(loss) * this.#nameChanges.length);
    for (const change of this.#nameChanges.slice(0, kept)) change(this.#durableNames);
    this.#nameChanges = [];
    this.#names = new Map(this.#durableNames);
    for (const file of this.#names.values()) this.#settle(file, loss);
  }

  /** The process is gone, and the power stays: what was written to files is there. */
  endProcess(): void {
    this.#tasks = [];
    this.crashAt = null;
    for (const file of this.#names.values()) {
      for (const change of file.changes) if (!change.applied) file.apply(change);
      file.busy = 0;
    }
  }

  bytesOf(file: string): Buffer {
    return Buffer.from(this.#find(file).visible);
  }

  /** A file that is there, durably. */
  place(name: string, bytes: Uint8Array): void {
    const file = new TestFile();
    file.visible = Buffer.from(bytes);
    file.durable = Buffer.from(bytes);
    this.#names.set(name, file);
    this.#durableNames.set(name, file);
  }

  files(): readonly string[] {
    return [...this.#names.keys()].sort();
  }

  #share(loss: Loss): number {
    if (loss === 'some') return this.#random();
    return loss === 'everything' ? 0 : 1;
  }

  #settle(file: TestFile, loss: Loss): void {
    const kept = Math.floor(this.#share(loss) * (file.changes.length + (loss === 'some' ? 1 : 0)));
    for (const change of file.changes.slice(0, kept))
      file.durable = applyChange(file.durable, change);
    const torn = file.changes[kept];
    if (loss === 'some' && torn !== undefined && torn.truncateTo === null) {
      const bytes = torn.bytes.subarray(0, Math.floor(this.#random() * torn.bytes.length));
      file.durable = applyChange(file.durable, { ...torn, bytes });
    }
    file.changes = [];
    file.busy = 0;
    file.visible = file.durable;
  }

  #later(queue: string, run: () => void): void {
    this.#tasks.push({ queue, run });
  }

  #find(name: string): TestFile {
    const file = this.#names.get(name);
    if (file === undefined) throw noSuchFile(name);
    return file;
  }

  #findOrCreate(name: string): TestFile {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const file = new TestFile();
    this.#changeNames((names) => names.set(name, file));
    return file;
  }

  #changeNames(change: NameChange): void {
    change(this.#names);
    this.#nameChanges.push(change);
  }

  #makeNamesDurable(covered: ReadonlySet<NameChange>): void {
    for (const change of this.#nameChanges) if (covered.has(change)) change(this.#durableNames);
    this.#nameChanges = this.#nameChanges.filter((change) => !covered.has(change));
  }

  #createDisk(): Disk {
    return {
      list: () => this.files(),
      size: (file) => this.#find(file).visible.length,
      readSync: (file, offset, length) => this.#read(file, offset, length),
      read: (file, offset, length, done) => this.#startRead({ file, offset, length }, done),
      append: (file, bytes, done) => {
        const offset = this.#findOrCreate(file).appendOffset;
        this.#change({ operation: 'append', file }, { offset, bytes }, done);
      },
      writeAt: (file, offset, bytes, done) => {
        this.#change({ operation: 'writeAt', file }, { offset, bytes }, done);
      },
      truncate: (file, truncateTo, done) => {
        const nothing = { offset: 0, bytes: new Uint8Array(0) };
        this.#change({ operation: 'truncate', file }, { ...nothing, truncateTo }, done);
      },
      sync: (file, done) => this.#sync(file, done),
      rename: (from, to, done) => {
        this.#startNameChange({ operation: 'rename', file: from }, done, (names) => {
          const moved = names.get(from);
          if (moved === undefined) return;
          names.delete(from);
          names.set(to, moved);
        });
      },
      remove: (file, done) => {
        this.#startNameChange({ operation: 'remove', file }, done, (names) => names.delete(file));
      },
      syncDirectory: (done) => {
        const covered = new Set(this.#nameChanges);
        this.#later('names', () => {
          const error = this.fault('syncDirectory', '.');
          if (error === null) this.#makeNamesDurable(covered);
          done(error);
        });
      },
    };
  }

  #read(file: string, offset: number, length: number): Uint8Array {
    return Uint8Array.from(this.#find(file).visible.subarray(offset, offset + length));
  }

  #startRead(
    { file, offset, length }: { file: string; offset: number; length: number },
    done: (error: DiskError | null, bytes: Uint8Array) => void,
  ): void {
    const found = this.#names.get(file);
    if (found !== undefined) found.busy += 1;
    this.#later(file, () => {
      if (found !== undefined) found.busy -= 1;
      const bytes = found?.visible.subarray(offset, offset + length) ?? new Uint8Array(0);
      done(found === undefined ? noSuchFile(file) : null, Uint8Array.from(bytes));
    });
  }

  #change(
    { operation, file }: { operation: string; file: string },
    change: { offset: number; bytes: Uint8Array; truncateTo?: number },
    done: Done,
  ): void {
    const found = this.#findOrCreate(file);
    const { offset, bytes, truncateTo = null } = change;
    const issued: Change = { offset, bytes: Uint8Array.from(bytes), truncateTo, applied: false };
    found.changes.push(issued);
    found.busy += 1;
    this.#later(file, () => {
      found.busy -= 1;
      const error = this.fault(operation, file);
      if (error === null) found.apply(issued);
      done(error);
    });
  }

  #sync(file: string, done: Done): void {
    const found = this.#names.get(file);
    if (found === undefined) {
      this.#later(file, () => done(noSuchFile(file)));
      return;
    }
    found.busy += 1;
    this.#later(file, () => {
      found.busy -= 1;
      const error = this.fault('sync', file);
      // Those of one file keep their order: all that was issued before is done.
      if (error === null) found.sync();
      done(error);
    });
  }

  #startNameChange(
    { operation, file }: { operation: string; file: string },
    done: Done,
    change: NameChange,
  ): void {
    const found = this.#names.get(file);
    if (found !== undefined && found.busy > 0) {
      throw new RangeError(`${operation} of ${file} while it is in use`);
    }
    this.#later('names', () => {
      if (found !== undefined && found.busy > 0) {
        throw new RangeError(`${file} is used while its ${operation} is under way`);
      }
      const error = found === undefined ? noSuchFile(file) : this.fault(operation, file);
      if (error === null) this.#changeNames(change);
      done(error);
    });
  }
}

function noSuchFile(file: string): DiskError {
  return new DiskError('ENOENT', file, `there is no file ${file}`);
}
