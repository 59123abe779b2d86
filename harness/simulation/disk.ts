/**
 * The simulated disk of one node: it outlives the node's lives, and forgets at a power loss.
 *
 * Contents that were not synced and names whose directory was not synced are lost, in part or
 * whole, as the seed has it. Every operation takes virtual time and none calls back at once. A
 * sync covers the changes that were done when it was asked for, and no others.
 */
import { type Disk, DiskError, type Done } from '../../server/storage/disk.ts';
import type { Damage, DiskFailure, DiskFile } from '../cluster.ts';
import { type RandomSource, randomInteger } from '../run/random.ts';
import { LifeEnded } from './crash-plan.ts';
import { DiskErrors, ioError, noChance, noSuchFile, partOf } from './disk-errors.ts';
import { harm } from './disk-harm.ts';
import { type Busy, type DiskLatencies, DiskTiming } from './disk-timing.ts';
import type { Life } from './life.ts';
import { applyNames, type NameChange, type Names, survivingNames } from './name-changes.ts';
import type { FileChange, PowerCut } from './power-cut.ts';
import type { Trace } from './trace.ts';
import { UnsyncedFile } from './unsynced-file.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface DiskSurroundings {
  readonly time: VirtualTime;
  readonly random: RandomSource;
  readonly trace: Trace;
  readonly latencies: DiskLatencies;
  /** An operation is asked for, or has ended and its callback is called next. May throw. */
  readonly onStep?: () => void;
  /** What failed writes and syncs leave of themselves. */
  readonly errorRandom?: RandomSource;
  /** What its power losses are like. Default: what survives is a prefix of what was done. */
  readonly cuts?: PowerCuts;
}

/** Of which share of power losses it is true. */
export interface PowerCuts {
  /** In [0, 1]: a write may survive in some of its sectors. */
  readonly tearProbability: number;
  /** In [0, 1]: what survives is no prefix of what was done. */
  readonly reorderProbability: number;
  /** Draws nothing while both are zero. */
  readonly random: RandomSource;
}

/** What a power loss has taken. */
export interface LostWrites {
  readonly changesLost: number;
  readonly bytesLost: number;
  readonly namesLost: number;
  readonly files: readonly string[];
}

/** What is wrong with a disk. */
interface DiskFaults {
  /** No sync succeeds. */
  broken: boolean;
  /** No write finds room. */
  full: boolean;
}

export class SimulatedDisk {
  readonly #surroundings: DiskSurroundings;
  readonly #names: Names = new Map();
  /** The names that a power loss cannot take. */
  readonly #durableNames: Names = new Map();
  /** Changes of names since, in their order. */
  #nameChanges: NameChange[] = [];
  #directory: Busy = { busyUntilUs: 0 };
  readonly #timing: DiskTiming;
  readonly #errors = new DiskErrors();
  readonly #faults: DiskFaults = { broken: false, full: false };
  #refusedWrites = 0;
  /** As it was before the first harm. */
  #unharmed: ReadonlyMap<string, UnsyncedFile> | null = null;
  /** Lives that have used it, and how many there had been when the files were kept. */
  #mountCount = 0;
  #keptAtMount: number | null = null;
  #isHarmed = false;

  constructor(surroundings: DiskSurroundings) {
    this.#surroundings = surroundings;
    this.#timing = new DiskTiming(surroundings);
  }

  /**
   * The disk as a life of the node sees it: only while it lives are its callbacks called, and
   * what it asks for after its end throws LifeEnded.
   */
  mount(life: Life): Disk {
    this.#mountCount++;
    this.#errors.beginLife();
    const use = (): SimulatedDisk => {
      if (life.phase === 'ended') throw new LifeEnded(`${life.node} uses its disk after its end`);
      this.#surroundings.onStep?.();
      return this;
    };
    return {
      list: () => [...use().#names.keys()].sort(),
      size: (file) => use().#find(file).size,
      readSync: (file, offset, length) => {
        const found = use().#find(file);
        if (this.#errors.meets('read')) throw ioError(file, 'read');
        return found.read(offset, length);
      },
      read: (file, offset, length, done) => {
        const found = use().#names.get(file);
        this.#timing.later('access', found ?? this.#directory, () => {
          const fails = found !== undefined && this.#errors.meets('read');
          const bytes = (fails ? null : found?.read(offset, length)) ?? new Uint8Array(0);
          const error = found === undefined ? noSuchFile(file) : null;
          this.#deliver(life, () => done(fails ? ioError(file, 'read') : error, bytes));
        });
      },
      append: (file, bytes, done) => {
        const change: FileChange = { type: 'append', bytes: bytes.slice() };
        use().#write(life, file, { change, done });
      },
      writeAt: (file, offset, bytes, done) => {
        const change: FileChange = { type: 'write', offset, bytes: bytes.slice() };
        use().#write(life, file, { change, done });
      },
      truncate: (file, length, done) => {
        const found = use().#names.get(file);
        if (found === undefined) this.#fail(life, file, done);
        else this.#change(life, found, { type: 'truncate', length }, done);
      },
      sync: (file, done) => use().#sync(life, file, done),
      rename: (from, to, done) => {
        use().#changeNames(life, from, done, { from, to });
      },
      remove: (file, done) => {
        use().#changeNames(life, file, done, { from: file, to: null });
      },
      syncDirectory: (done) => use().#syncDirectory(life, done),
    };
  }

  /** Everything is gone, for good: another disk is in its place. */
  wipe(): void {
    this.#timing.abandonAll();
    this.#names.clear();
    this.#durableNames.clear();
    this.#nameChanges = [];
    this.#directory = { busyUntilUs: 0 };
  }

  /** The files, and how large each is. */
  get sizes(): ReadonlyMap<string, number> {
    return new Map([...this.#names].map(([name, file]) => [name, file.size]));
  }

  /** From now on no sync succeeds, until the disk is repaired. */
  breakSyncs(): void {
    this.#faults.broken = true;
  }

  repair(): void {
    this.#faults.broken = false;
  }

  setFull(full: boolean): void {
    this.#faults.full = full;
  }

  /** At most so many syncs a second; null: as fast as it can. */
  slow(syncsPerS: number | null): void {
    this.#timing.slow(syncsPerS);
  }

  /** An operation is to fail, once it comes; null: none is. */
  failAt(failure: DiskFailure | null): void {
    this.#errors.plan(failure);
  }

  /** What is wrong now, and whom it has met. */
  get faults(): Readonly<Record<string, unknown>> {
    const { failedCount } = this.#errors;
    const refusedWrites = this.#refusedWrites;
    return { ...this.#faults, ...this.#timing.reading, refusedWrites, failedCount };
  }

  /** An operation of this life has failed as it was planned. */
  get hasFailed(): boolean {
    return this.#errors.hasFailed;
  }

  /** What had been made durable is not there: nobody can keep promises on it. */
  get isHarmed(): boolean {
    return this.#isHarmed;
  }

  /** The newest first. */
  list(): readonly DiskFile[] {
    const files = [...this.#names].sort(
      ([a, x], [b, y]) => y.changedAtUs - x.changedAtUs || (a < b ? -1 : 1),
    );
    return files.map(([path, file], age) => {
      const contentBytes = file.read(0, file.size).findLastIndex((byte) => byte !== 0) + 1;
      return { path, bytes: file.size, contentBytes, age };
    });
  }

  /** Nobody may use it now. What was there is kept. Throws RangeError. */
  damage(damage: Damage): Readonly<Record<string, unknown>> {
    const files = new Map(
      [...this.#names].map(([name, file]) => [name, file.read(0, file.size)] as const),
    );
    const evidence = harm(files, damage);
    // A node that has gone on since then has new promises: its older files must never return.
    if (this.#keptAtMount !== this.#mountCount) this.#unharmed = new Map(this.#names);
    this.#keptAtMount = this.#mountCount;
    const isTellable = 'isTellable' in damage && damage.isTellable === true;
    if (damage.type !== 'append' && !isTellable) this.#isHarmed = true;
    const touched = [...files].map(([name, bytes]) => {
      return [name, UnsyncedFile.holding(bytes, this.#names.get(name)?.changedAtUs ?? 0)] as const;
    });
    this.#replaceAll(new Map(touched));
    return evidence;
  }

  /** The files are as they were before they were harmed; how many there are. */
  putBack(): number {
    const unharmed = this.#unharmed;
    if (unharmed === null) return 0;
    this.#unharmed = null;
    this.#keptAtMount = null;
    this.#isHarmed = false;
    this.#replaceAll(unharmed);
    return unharmed.size;
  }

  #replaceAll(files: ReadonlyMap<string, UnsyncedFile>): void {
    this.wipe();
    for (const [name, file] of files) {
      this.#names.set(name, file);
      this.#durableNames.set(name, file);
    }
  }

  /** The power is lost: what was not durable is gone, or partly so. */
  crash(): LostWrites {
    this.#timing.abandonAll();
    const { random, trace } = this.#surroundings;
    const cut = this.#drawCut();
    // Drawn in any case, so that a run without such cuts goes as it did.
    const kept = randomInteger(random, this.#nameChanges.length + 1);
    const survivors =
      cut?.reorders === true
        ? survivingNames(this.#nameChanges, cut.random)
        : this.#nameChanges.slice(0, kept);
    for (const change of survivors) applyNames(this.#durableNames, change);
    const namesLost = this.#nameChanges.length - survivors.length;
    this.#nameChanges = [];
    this.#directory = { busyUntilUs: 0 };
    this.#names.clear();
    let [changesLost, bytesLost] = [0, 0];
    const files: string[] = [];
    for (const name of [...this.#durableNames.keys()].sort()) {
      const file = this.#durableNames.get(name);
      if (file === undefined) continue;
      const lost = file.crash(random, cut);
      changesLost += lost.changes;
      bytesLost += lost.bytes;
      if (lost.changes > 0) files.push(name);
      this.#names.set(name, file);
      trace.text(name);
      trace.number(file.size);
    }
    return { changesLost, bytesLost, namesLost, files };
  }

  /** Null: what survives is a prefix of what was done. */
  #drawCut(): PowerCut | null {
    const { cuts } = this.#surroundings;
    if (cuts === undefined || cuts.tearProbability + cuts.reorderProbability === 0) return null;
    const { tearProbability, reorderProbability, random } = cuts;
    const [tears, reorders] = [random() < tearProbability, random() < reorderProbability];
    return tears || reorders ? { tears, reorders, random } : null;
  }

  /** The process ended and the power stayed: what it had handed over is still written. */
  detach(): void {
    this.#timing.abandonAll();
    for (const file of this.#names.values()) file.settle();
  }

  #deliver(life: Life, callback: () => void): void {
    life.deliver(() => {
      this.#surroundings.onStep?.();
      callback();
    });
  }

  #find(file: string): UnsyncedFile {
    const found = this.#names.get(file);
    if (found === undefined) throw noSuchFile(file);
    return found;
  }

  #findOrCreate(file: string): UnsyncedFile {
    const found = this.#names.get(file);
    if (found !== undefined) return found;
    const created = new UnsyncedFile();
    this.#names.set(file, created);
    this.#nameChanges.push({ created, to: file });
    return created;
  }

  #write(
    life: Life,
    file: string,
    { change, done }: { readonly change: FileChange; readonly done: Done },
  ): void {
    if (this.#faults.full) {
      this.#refusedWrites++;
      const error = new DiskError('ENOSPC', file, 'ENOSPC: no space left on device');
      this.#timing.later('access', this.#directory, () => this.#deliver(life, () => done(error)));
    } else if (this.#errors.meets('write')) {
      const { errorRandom = noChance } = this.#surroundings;
      const part = partOf(change, errorRandom());
      this.#change(life, this.#findOrCreate(file), part, () => done(ioError(file, 'write')));
    } else this.#change(life, this.#findOrCreate(file), change, done);
  }

  #change(life: Life, file: UnsyncedFile, change: FileChange, done: Done): void {
    file.changedAtUs = this.#surroundings.time.nowUs;
    file.issue(change);
    const { trace } = this.#surroundings;
    if (change.type === 'truncate') trace.number(change.length);
    else trace.content(change.bytes);
    this.#timing.later('access', file, () => {
      file.applyNext();
      this.#deliver(life, () => done(null));
    });
  }

  #sync(life: Life, file: string, done: Done): void {
    const found = this.#names.get(file);
    if (found === undefined) {
      this.#fail(life, file, done);
      return;
    }
    const position = found.appliedPosition;
    this.#timing.later('sync', found, () => {
      if (this.#faults.broken) {
        this.#deliver(life, () => done(ioError(file, 'sync')));
        return;
      }
      if (this.#errors.meets('sync')) {
        found.failSync(position, this.#surroundings.errorRandom ?? noChance);
        this.#deliver(life, () => done(ioError(file, 'sync')));
        return;
      }
      found.makeDurable(position);
      this.#surroundings.trace.number(found.size);
      this.#deliver(life, () => done(null));
    });
  }

  #changeNames(life: Life, file: string, done: Done, change: NameChange): void {
    this.#timing.later('access', this.#directory, () => {
      if (!this.#names.has(file)) {
        this.#deliver(life, () => done(noSuchFile(file)));
        return;
      }
      applyNames(this.#names, change);
      this.#nameChanges.push(change);
      this.#deliver(life, () => done(null));
    });
  }

  #syncDirectory(life: Life, done: Done): void {
    const count = this.#nameChanges.length;
    const covered = this.#nameChanges.slice(0, count);
    this.#timing.later('sync', this.#directory, () => {
      if (this.#errors.meets('sync')) {
        this.#deliver(life, () => done(ioError('the directory', 'sync')));
        return;
      }
      for (const change of covered) {
        if (this.#nameChanges[0] !== change) continue;
        applyNames(this.#durableNames, change);
        this.#nameChanges.shift();
      }
      this.#deliver(life, () => done(null));
    });
  }

  #fail(life: Life, file: string, done: Done): void {
    this.#timing.later('access', this.#directory, () =>
      this.#deliver(life, () => done(noSuchFile(file))),
    );
  }
}
