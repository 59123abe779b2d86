import { expect, test } from 'vitest';
import { DiskError } from './disk.ts';
import { SnapshotCorruptionError } from './snapshot-parser.ts';
import { recoverSnapshots } from './snapshot-store.ts';
import { type Loss, TestCrash, TestMachine } from './snapshot-test-disk.ts';
import {
  chunkOf,
  finish,
  foreignSnapshot,
  metaOf,
  sourceOf,
  startStore,
  stateAt,
  TestSink,
  writeSnapshot,
} from './snapshot-test-state.ts';

const losses: readonly Loss[] = ['everything', 'nothing', 'some'];

function nameOf(index: number): string {
  return `snapshot-${String(index).padStart(16, '0')}-0000000000000001`;
}

function readAll(
  machine: TestMachine,
  store: ReturnType<typeof startStore>['store'],
  index: number,
) {
  const found: (Uint8Array | null)[] = [];
  store.readChunk(index, { offset: 0, length: 1e6 }, (_error, bytes) => found.push(bytes));
  machine.run();
  return found[0] ?? null;
}

test('an empty directory has no snapshot', () => {
  const machine = new TestMachine(1);
  const { store } = startStore(machine);
  expect(store.current).toBeNull();
  expect(() => store.loadSync(new TestSink())).toThrow(/there is a snapshot to load/);
});

test('a snapshot becomes current when it is durable, and is what the next start finds', () => {
  const machine = new TestMachine(1);
  const { store } = startStore(machine);
  let written: boolean | null = null;
  store.write(metaOf(10), sourceOf(stateAt(10)), (error, outcome) => {
    expect(error).toBeNull();
    written = outcome;
  });
  expect(store.current).toBeNull();
  expect(store.writing).toBe(true);
  machine.run();
  expect(written).toBe(true);
  expect(store.writing).toBe(false);
  expect(store.current?.meta).toEqual(metaOf(10));
  machine.crash('everything');
  const again = startStore(machine);
  expect(again.store.current).toEqual(store.current);
  expect(again.state).toBe(stateAt(10).toString());
});

test('it passes its crash points in their order', () => {
  const machine = new TestMachine(1);
  writeSnapshot(machine, startStore(machine).store, 10);
  expect(machine.reached).toEqual([
    'snapshot.before-write',
    'snapshot.during-write',
    'snapshot.during-write',
    'snapshot.during-write',
    'snapshot.after-write-before-fsync',
    'snapshot.after-fsync-before-rename',
    'snapshot.after-rename-before-directory-fsync',
  ]);
});

test('a crash at any step of a write leaves the old snapshot or the new one, whole', () => {
  let oldCount = 0;
  let newCount = 0;
  for (const loss of losses) {
    for (let steps = 0; ; steps += 1) {
      const machine = new TestMachine(steps);
      const { store } = startStore(machine);
      writeSnapshot(machine, store, 10);
      let done = false;
      store.write(metaOf(20), sourceOf(stateAt(20)), () => {
        done = true;
      });
      for (let step = 0; step < steps && machine.step(); step += 1);
      machine.crash(loss);
      const { store: again, state } = startStore(machine);
      const index = again.current?.meta.lastIncludedIndex ?? 0;
      expect([10, 20]).toContain(index);
      expect(state).toBe(stateAt(index).toString());
      expect(machine.files()).toEqual([nameOf(index)]);
      if (index === 10) oldCount += 1;
      else newCount += 1;
      if (!done) continue;
      expect(index).toBe(20);
      break;
    }
  }
  expect(oldCount).toBeGreaterThan(20);
  expect(newCount).toBeGreaterThanOrEqual(losses.length);
});

test('a crash at each of its crash points leaves the old snapshot or the new one', () => {
  const points = [
    'snapshot.before-write',
    'snapshot.during-write',
    'snapshot.after-write-before-fsync',
    'snapshot.after-fsync-before-rename',
    'snapshot.after-rename-before-directory-fsync',
  ] as const;
  for (const point of points) {
    for (const loss of losses) {
      const machine = new TestMachine(1);
      const { store } = startStore(machine);
      writeSnapshot(machine, store, 10);
      machine.crashAt = point;
      expect(() => writeSnapshot(machine, store, 20)).toThrow(TestCrash);
      machine.crash(loss);
      const { state } = startStore(machine);
      const kept = point.startsWith('snapshot.after-rename') && loss === 'nothing' ? 20 : 10;
      if (loss !== 'some') expect(state).toBe(stateAt(kept).toString());
      else expect([stateAt(10).toString(), stateAt(20).toString()]).toContain(state);
    }
  }
});

test('when the newest is damaged nothing older is taken in its place, nor removed', () => {
  const machine = new TestMachine(1);
  const { store } = startStore(machine);
  writeSnapshot(machine, store, 10);
  const old = machine.bytesOf(nameOf(10));
  // So long that a look at its head does not show the damage.
  const source = sourceOf(stateAt(20, 600_000), 200_000);
  finish(machine, (done) => store.write(metaOf(20), source, done));
  machine.place(nameOf(10), old);
  const newest = machine.bytesOf(nameOf(20));
  newest.writeUInt8(newest.readUInt8(newest.length - 30) ^ 1, newest.length - 30);
  machine.place(nameOf(20), newest);
  const recovered = recoverSnapshots(machine.host());
  expect(() => recovered.store.loadSync(new TestSink())).toThrow(SnapshotCorruptionError);
  finish(machine, recovered.repair);
  expect(machine.files()).toEqual([nameOf(10), nameOf(20)]);
});

test('a start removes older snapshots and what was half done, and nothing else', () => {
  const machine = new TestMachine(1);
  const { store } = startStore(machine);
  writeSnapshot(machine, store, 10);
  const old = machine.bytesOf(nameOf(10));
  writeSnapshot(machine, store, 20);
  machine.place(nameOf(10), old);
  machine.place(`${nameOf(30)}.writing-1`, Buffer.from('half'));
  machine.place(`${nameOf(40)}.receiving-12`, Buffer.from('half'));
  machine.place('wal-1', Buffer.from('log'));
  machine.place(`${nameOf(10)}.copy`, old);
  expect(startStore(machine).state).toBe(stateAt(20).toString());
  machine.crash('everything');
  startStore(machine);
  expect(machine.files()).toEqual([`${nameOf(10)}.copy`, nameOf(20), 'wal-1']);
});

test('a name that is read from memory at a start is durable after the repair', () => {
  const machine = new TestMachine(1);
  machine.crashAt = 'snapshot.after-rename-before-directory-fsync';
  expect(() => writeSnapshot(machine, startStore(machine).store, 10)).toThrow(TestCrash);
  // The process dies, the power stays: the name is seen, and not durable.
  machine.endProcess();
  expect(startStore(machine).state).toBe(stateAt(10).toString());
  machine.crash('everything');
  expect(startStore(machine).state).toBe(stateAt(10).toString());
});

test('a write that is abandoned leaves nothing, and the next one may begin', () => {
  for (let steps = 0; steps < 12; steps += 1) {
    const machine = new TestMachine(steps);
    const { store } = startStore(machine);
    writeSnapshot(machine, store, 10);
    const outcomes: boolean[] = [];
    store.write(metaOf(20), sourceOf(stateAt(20)), (_error, written) => outcomes.push(written));
    for (let step = 0; step < steps; step += 1) machine.step();
    store.abandonWrite();
    machine.run();
    if (steps < 3) expect(outcomes).toEqual([false]);
    const index = outcomes[0] === true ? 20 : 10;
    expect(outcomes).toHaveLength(1);
    expect(machine.files()).toEqual([nameOf(index)]);
    expect(store.current?.meta.lastIncludedIndex).toBe(index);
    writeSnapshot(machine, store, 30);
    expect(machine.files()).toEqual([nameOf(30)]);
  }
});

test('only one snapshot is written at a time', () => {
  const machine = new TestMachine(1);
  const { store } = startStore(machine);
  store.write(metaOf(10), sourceOf(stateAt(10)), () => undefined);
  const second = () => store.write(metaOf(11), sourceOf(stateAt(11)), () => undefined);
  expect(second).toThrow(/one snapshot is written at a time \(running=10 asked=11\)/);
});

test('what is not newer than the current one is not written', () => {
  const machine = new TestMachine(1);
  const { store } = startStore(machine);
  writeSnapshot(machine, store, 20);
  for (const index of [19, 20]) {
    const outcomes: boolean[] = [];
    store.write(metaOf(index), sourceOf(stateAt(index)), (_error, written) =>
      outcomes.push(written),
    );
    machine.run();
    expect(outcomes).toEqual([false]);
  }
  expect(machine.files()).toEqual([nameOf(20)]);
});

test('a failed write, sync or rename fails the snapshot, and the old one stays current', () => {
  for (const operation of ['append', 'sync', 'rename', 'syncDirectory']) {
    const machine = new TestMachine(1);
    const { store } = startStore(machine);
    writeSnapshot(machine, store, 10);
    machine.fault = (failing, file) =>
      failing === operation ? new DiskError('EIO', file, 'bad sector') : null;
    expect(() => writeSnapshot(machine, store, 20)).toThrow(/bad sector/);
    expect(store.current?.meta.lastIncludedIndex).toBe(10);
  }
});

test('a chunk is what stands there, less at the end, and nothing behind it', () => {
  const machine = new TestMachine(1);
  const { store } = startStore(machine);
  writeSnapshot(machine, store, 10);
  const bytes = machine.bytesOf(nameOf(10));
  const read = (offset: number, length: number): (Uint8Array | null)[] => {
    const found: (Uint8Array | null)[] = [];
    store.readChunk(10, { offset, length }, (_error, chunk) => found.push(chunk));
    expect(found).toEqual([]);
    machine.run();
    return found;
  };
  expect(read(5, 20)).toEqual([Uint8Array.from(bytes.subarray(5, 25))]);
  expect(read(bytes.length - 3, 20)).toEqual([Uint8Array.from(bytes.subarray(-3))]);
  expect(read(bytes.length, 20)).toEqual([new Uint8Array(0)]);
  expect(read(Number.MAX_SAFE_INTEGER, 20)).toEqual([new Uint8Array(0)]);
  expect(readAll(machine, store, 11)).toBeNull();
});

test('a file that has become shorter is an error of the disk, never a short chunk', () => {
  const machine = new TestMachine(1);
  const { store } = startStore(machine);
  writeSnapshot(machine, store, 10);
  machine.place(nameOf(10), machine.bytesOf(nameOf(10)).subarray(0, 100));
  const errors: unknown[] = [];
  store.readChunk(10, { offset: 0, length: 200 }, (error) => errors.push(error?.code));
  machine.run();
  expect(errors).toEqual(['EIO']);
});

test('whichever of two is durable first, the newer one is current in the end', () => {
  const foreign = foreignSnapshot(30);
  for (let seed = 0; seed < 40; seed += 1) {
    const machine = new TestMachine(seed);
    const { store } = startStore(machine);
    finish(machine, (done) => store.receive(chunkOf(foreign, { offset: 0, length: 1e6 }), done));
    store.write(metaOf(20), sourceOf(stateAt(20)), () => undefined);
    const point = seed % 2 === 0 ? 'after-write-before-fsync' : 'after-fsync-before-rename';
    while (!machine.reached.includes(`snapshot.${point}`)) machine.step();
    finish(machine, (done) => store.install(30, done));
    expect(store.current?.meta.lastIncludedIndex).toBe(30);
    expect(startStore(machine).state).toBe(foreign.state);
  }
});

test('a superseded file goes at once when nobody reads it', () => {
  const machine = new TestMachine(1);
  const { store } = startStore(machine);
  writeSnapshot(machine, store, 10);
  writeSnapshot(machine, store, 20);
  expect(machine.files()).toEqual([nameOf(20)]);
  expect(store.find(10)).toBeNull();
});

test('a superseded file that is read stays until it was not read for a while', () => {
  const machine = new TestMachine(1);
  const { store } = startStore(machine);
  writeSnapshot(machine, store, 10);
  const bytes = machine.bytesOf(nameOf(10));
  expect(readAll(machine, store, 10)).toEqual(Uint8Array.from(bytes));
  writeSnapshot(machine, store, 20);
  for (let round = 0; round < 5; round += 1) {
    for (let calls = 0; calls < 9; calls += 1) store.dropUnused();
    expect(readAll(machine, store, 10)).toEqual(Uint8Array.from(bytes));
    expect(store.find(10)?.fileBytes).toBe(bytes.length);
  }
  for (let calls = 0; calls < 10; calls += 1) store.dropUnused();
  machine.run();
  expect(readAll(machine, store, 10)).toBeNull();
  expect(machine.files()).toEqual([nameOf(20)]);
});

test('reads that are under way while the file is replaced and dropped get its bytes', () => {
  for (let seed = 0; seed < 50; seed += 1) {
    const machine = new TestMachine(seed);
    const { store } = startStore(machine);
    writeSnapshot(machine, store, 10);
    const bytes = Uint8Array.from(machine.bytesOf(nameOf(10)));
    const found: unknown[] = [];
    for (let count = 0; count < 5; count += 1) {
      store.readChunk(10, { offset: 0, length: 1e6 }, (error, chunk) => found.push(error ?? chunk));
    }
    store.write(metaOf(20), sourceOf(stateAt(20)), () => {
      for (let calls = 0; calls < 20; calls += 1) store.dropUnused();
    });
    machine.run();
    expect(found).toEqual([bytes, bytes, bytes, bytes, bytes]);
    expect(machine.files()).toEqual([nameOf(20)]);
  }
});

test('an installed snapshot ends a write of an older one', () => {
  for (let seed = 0; seed < 20; seed += 1) {
    const machine = new TestMachine(seed);
    const { store } = startStore(machine);
    const foreign = foreignSnapshot(30);
    finish(machine, (done) => store.receive(chunkOf(foreign, { offset: 0, length: 1e6 }), done));
    const outcomes: boolean[] = [];
    const long = sourceOf(stateAt(20, 5000));
    store.write(metaOf(20), long, (_error, written) => outcomes.push(written));
    for (let step = 0; step < seed; step += 1) machine.step();
    finish(machine, (done) => store.install(30, done));
    expect(outcomes).toEqual([false]);
    expect(store.current?.meta.lastIncludedIndex).toBe(30);
    expect(machine.files()).toEqual([nameOf(30)]);
  }
});

test('an own snapshot and a leader’s of the same index leave one, which stays', () => {
  for (let seed = 0; seed < 60; seed += 1) {
    const machine = new TestMachine(seed);
    const { store } = startStore(machine);
    writeSnapshot(machine, store, 10);
    const foreign = foreignSnapshot(20);
    finish(machine, (done) => store.receive(chunkOf(foreign, { offset: 0, length: 1e6 }), done));
    // Both are past the first look at what is current before either is.
    store.write(metaOf(20), sourceOf(stateAt(20)), () => undefined);
    const point = seed % 2 === 0 ? 'after-write-before-fsync' : 'after-fsync-before-rename';
    while (machine.reached.filter((name) => name === `snapshot.${point}`).length < 2)
      machine.step();
    for (let step = 0; step < seed / 10; step += 1) machine.step();
    finish(machine, (done) => store.install(20, done));
    for (let calls = 0; calls < 20; calls += 1) store.dropUnused();
    machine.run();
    expect(store.current?.meta.lastIncludedIndex).toBe(20);
    expect(machine.files()).toEqual([nameOf(20)]);
    machine.crash('nothing');
    expect(startStore(machine).state).toBe(foreign.state);
  }
});
