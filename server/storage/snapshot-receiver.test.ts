import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { noCrashPoints } from '../crash-points.ts';
import { FileDisk } from '../host/file-disk.ts';
import { createRealTimers } from '../host/real-timers.ts';
import { DiskError, type Done } from './disk.ts';
import { snapshotBytesMax } from './snapshot-format.ts';
import type { ReceiveResult } from './snapshot-receiver.ts';
import { recoverSnapshots, type SnapshotStore } from './snapshot-store.ts';
import { createTestRandom, type Loss, TestCrash, TestMachine } from './snapshot-test-disk.ts';
import {
  type ChunkPlace,
  chunkOf,
  type ForeignSnapshot,
  finish,
  foreignSnapshot,
  metaOf,
  sourceOf,
  startStore,
  stateAt,
  TestSink,
  writeSnapshot,
} from './snapshot-test-state.ts';

const seven = foreignSnapshot(7);
const nine = foreignSnapshot(9);
const all = 1e6;

class Follower {
  readonly machine: TestMachine;
  store: SnapshotStore;

  constructor(seed = 1) {
    this.machine = new TestMachine(seed);
    this.store = startStore(this.machine).store;
  }

  receive(foreign: ForeignSnapshot, place: ChunkPlace): ReceiveResult {
    return this.receiveChunk(chunkOf(foreign, place));
  }

  receiveChunk(chunk: ReturnType<typeof chunkOf>): ReceiveResult {
    const results: ReceiveResult[] = [];
    this.store.receive(chunk, (error, result) => {
      if (error !== null) throw error;
      results.push(result);
    });
    expect(results).toEqual([]);
    this.machine.run();
    const [result] = results;
    if (result === undefined || results.length > 1) throw new RangeError('not answered once');
    return result;
  }

  load(index: number): string {
    const sink = new TestSink();
    const outcomes: unknown[] = [];
    this.store.load(index, sink, (error) => outcomes.push(error));
    this.machine.run();
    expect(outcomes).toEqual([null]);
    return sink.state;
  }

  restart(loss: Loss): string {
    this.machine.crash(loss);
    const { store, state } = startStore(this.machine);
    this.store = store;
    return state;
  }
}

/** From where it is wanted, chunk after chunk, as a leader sends. */
function sendAll(follower: Follower, foreign: ForeignSnapshot, place: ChunkPlace): ReceiveResult {
  let result: ReceiveResult = { nextOffset: place.offset, complete: null };
  for (let turns = 0; result.complete === null; turns += 1) {
    if (turns > 10_000) throw new RangeError('it never becomes whole');
    result = follower.receive(foreign, { ...place, offset: result.nextOffset });
  }
  return result;
}

test('chunks in order make up the file; it is installed, loaded, and there after a start', () => {
  const follower = new Follower();
  const { fileBytes, meta } = seven.stored;
  expect(follower.receive(seven, { offset: 0, length: 100 })).toEqual({
    nextOffset: 100,
    complete: null,
  });
  expect(sendAll(follower, seven, { offset: 100, length: 100 })).toEqual({
    nextOffset: fileBytes,
    complete: meta,
  });
  expect(follower.store.current).toBeNull();
  expect(follower.load(7)).toBe(seven.state);
  finish(follower.machine, (done) => follower.store.install(7, done));
  expect(follower.store.current).toEqual(seven.stored);
  expect(follower.load(7)).toBe(seven.state);
  expect(follower.restart('everything')).toBe(seven.state);
  expect(follower.store.current).toEqual(seven.stored);
});

test('only what continues the file is stored: doubles, gaps and overlaps do no harm', () => {
  const follower = new Follower();
  const next = (offset: number, length: number): number =>
    follower.receive(seven, { offset, length }).nextOffset;
  expect(next(50, 100)).toBe(0);
  expect(next(0, 100)).toBe(100);
  expect(next(0, 100)).toBe(100);
  expect(next(150, 100)).toBe(100);
  expect(next(60, 100)).toBe(160);
  expect(next(20, 30)).toBe(160);
  expect(next(160, 0)).toBe(160);
  expect(sendAll(follower, seven, { offset: 160, length: 7 }).complete).toEqual(metaOf(7));
  expect(follower.load(7)).toBe(seven.state);
});

test('a file that is whole is told again, so that a leader who lost the answer goes on', () => {
  const follower = new Follower();
  sendAll(follower, seven, { offset: 0, length: all });
  const again = { nextOffset: seven.stored.fileBytes, complete: metaOf(7) };
  expect(follower.receive(seven, { offset: 0, length: 10 })).toEqual(again);
  expect(follower.receive(seven, { offset: 100, length: 10, term: 6 })).toEqual(again);
  finish(follower.machine, (done) => follower.store.install(7, done));
  expect(follower.receive(seven, { offset: 0, length: 10 })).toEqual({ ...again, complete: null });
});

test('a newer file takes the place of the one at hand, once its beginning is there', () => {
  const follower = new Follower();
  follower.receive(seven, { offset: 0, length: 200 });
  expect(follower.receive(nine, { offset: 100, length: 100 }).nextOffset).toBe(0);
  expect(follower.receive(seven, { offset: 200, length: 50 }).nextOffset).toBe(250);
  expect(follower.receive(nine, { offset: 0, length: 100 }).nextOffset).toBe(100);
  expect(follower.receive(seven, { offset: 250, length: 50 }).nextOffset).toBe(0);
  expect(sendAll(follower, nine, { offset: 100, length: 50 }).complete).toEqual(metaOf(9));
  expect(follower.machine.files()).toHaveLength(1);
});

test('a late chunk of an earlier file does not cost what is there of a newer one', () => {
  const follower = new Follower();
  follower.receive(nine, { offset: 0, length: 200 });
  expect(follower.receive(seven, { offset: 0, length: 100 }).nextOffset).toBe(0);
  expect(follower.receive(seven, { offset: 0, length: 100, term: 4 }).nextOffset).toBe(0);
  const earlier = { offset: 0, length: 100, replicationId: 0 };
  expect(follower.receive(seven, earlier).nextOffset).toBe(0);
  expect(follower.receive(nine, { offset: 200, length: 50 }).nextOffset).toBe(250);
});

test('a later leader, or replication, may have an older snapshot only: it is taken', () => {
  for (const later of [{ term: 6 }, { replicationId: 2 }]) {
    const follower = new Follower();
    follower.receive(nine, { offset: 0, length: 200 });
    const place = { offset: 0, length: 100, ...later };
    expect(sendAll(follower, seven, place).complete).toEqual(metaOf(7));
    expect(follower.load(7)).toBe(seven.state);
  }
});

test('a file that a later leader goes on with is not given up for late chunks', () => {
  const follower = new Follower();
  follower.receive(nine, { offset: 0, length: 100 });
  follower.receive(nine, { offset: 100, length: 100, term: 6, replicationId: 3 });
  // Late, and no news of who sends.
  follower.receive(nine, { offset: 100, length: 100, term: 5, replicationId: 8 });
  for (const late of [
    { term: 5, replicationId: 9 },
    { term: 6, replicationId: 2 },
  ]) {
    expect(follower.receive(seven, { offset: 0, length: 100, ...late }).nextOffset).toBe(0);
  }
  expect(follower.receive(nine, { offset: 200, length: 50, term: 6 }).nextOffset).toBe(250);
});

test('two files of one index never mix', () => {
  const follower = new Follower();
  const machine = new TestMachine(1);
  const { store } = startStore(machine);
  const state = Buffer.from(stateAt(7).toString().replaceAll('state', 'STATE'));
  finish(machine, (done) => store.write(metaOf(7), sourceOf(state), done));
  const stored = store.current;
  if (stored === null) throw new RangeError('nothing was written');
  const bytes = machine.bytesOf(machine.files()[0] ?? '');
  expect(bytes.length).toBe(seven.bytes.length);
  const other: ForeignSnapshot = { stored, bytes, state: state.toString() };
  follower.receive(seven, { offset: 0, length: 200 });
  expect(follower.receive(other, { offset: 200, length: 50, term: 6 }).nextOffset).toBe(0);
  sendAll(follower, other, { offset: 0, length: 50, term: 6 });
  expect(follower.load(7)).toBe(other.state);
});

test('a file that is not good is thrown away and wanted from its start', () => {
  for (let position = 0; position < seven.bytes.length; position += 1) {
    const follower = new Follower(position);
    const bytes = Buffer.from(seven.bytes);
    bytes.writeUInt8(bytes.readUInt8(position) ^ 0x10, position);
    const result = follower.receive({ ...seven, bytes }, { offset: 0, length: all });
    expect(result).toEqual({ nextOffset: 0, complete: null });
    expect(follower.machine.files()).toEqual([]);
    expect(follower.machine.logged).toEqual(['snapshot-rejected']);
    if (position % 50 > 0) continue;
    expect(sendAll(follower, seven, { offset: 0, length: all }).complete).toEqual(metaOf(7));
  }
});

test('a good file under a wrong name or checksum is thrown away', () => {
  const { meta } = seven.stored;
  const wrong = [
    { ...seven.stored, fileChecksum: seven.stored.fileChecksum ^ 1 },
    { ...seven.stored, meta: { ...meta, lastIncludedIndex: 8 } },
    { ...seven.stored, meta: { ...meta, lastIncludedTerm: 2 } },
  ];
  for (const stored of wrong) {
    const follower = new Follower();
    const result = follower.receive({ ...seven, stored }, { offset: 0, length: all });
    expect(result).toEqual({ nextOffset: 0, complete: null });
    expect(follower.machine.files()).toEqual([]);
  }
});

test('a size that cannot be is refused, and one that is a lie takes no room by itself', () => {
  const follower = new Follower();
  const chunk = chunkOf(seven, { offset: 0, length: 100 });
  for (const fileBytes of [-1, 0, 1, 35, 99.5, Number.NaN, snapshotBytesMax + 1]) {
    expect(follower.receiveChunk({ ...chunk, fileBytes }).nextOffset).toBe(0);
  }
  expect(follower.machine.files()).toEqual([]);
  const huge = { ...chunk, fileBytes: snapshotBytesMax };
  expect(follower.receiveChunk(huge).nextOffset).toBe(100);
  expect(follower.machine.bytesOf(follower.machine.files()[0] ?? '')).toHaveLength(100);
  // More than the file is said to hold.
  const short = { ...chunk, fileBytes: 50 };
  expect(follower.receiveChunk({ ...short, term: 6 }).nextOffset).toBe(0);
});

test('what is not newer than the current snapshot is not stored', () => {
  const follower = new Follower();
  writeSnapshot(follower.machine, follower.store, 8);
  const { fileBytes } = seven.stored;
  expect(follower.receive(seven, { offset: 0, length: 100 })).toEqual({
    nextOffset: fileBytes,
    complete: null,
  });
  expect(follower.machine.files()).toHaveLength(1);
});

test('many chunks at once are dealt with one after the other, and too many are not kept', () => {
  const follower = new Follower();
  const nexts: number[] = [];
  for (let count = 0; count < 200; count += 1) {
    const chunk = chunkOf(seven, { offset: count * 2, length: 2 });
    follower.store.receive(chunk, (_error, { nextOffset }) => nexts.push(nextOffset));
  }
  follower.machine.run();
  expect(nexts).toHaveLength(200);
  expect(Math.max(...nexts)).toBe(130);
  expect(sendAll(follower, seven, { offset: 130, length: 50 }).complete).toEqual(metaOf(7));
});

test('whole files that came to nothing are dropped, a later one still comes in', () => {
  const follower = new Follower();
  const foreign = [7, 9, 11, 13, 15].map((index) => foreignSnapshot(index));
  for (const snapshot of foreign) sendAll(follower, snapshot, { offset: 0, length: all });
  expect(follower.machine.files()).toHaveLength(3);
  finish(follower.machine, (done) => follower.store.install(13, done));
  follower.store.dropUnused();
  follower.machine.run();
  expect(follower.machine.files()).toHaveLength(2);
  finish(follower.machine, (done) => follower.store.install(15, done));
  finish(follower.machine, (done) => follower.store.install(13, done));
  expect(follower.store.current?.meta).toEqual(metaOf(15));
  expect(() => follower.store.install(16, () => undefined)).toThrow(
    /what is installed was received/,
  );
});

test('a file is loaded while it is installed', () => {
  const long = foreignSnapshot(7, 600_000);
  for (let seed = 0; seed < 24; seed += 1) {
    const follower = new Follower(seed);
    writeSnapshot(follower.machine, follower.store, 5);
    sendAll(follower, long, { offset: 0, length: 300_000 });
    const sink = new TestSink();
    const outcomes: unknown[] = [];
    follower.store.load(7, sink, (error) => outcomes.push(error));
    for (let step = 0; step < seed % 8; step += 1) follower.machine.step();
    finish(follower.machine, (done) => follower.store.install(7, done));
    expect(outcomes).toEqual([null]);
    expect(sink.state).toBe(long.state);
  }
});

test('an installed file can be loaded though a newer one is installed at once', () => {
  const follower = new Follower();
  for (const foreign of [seven, nine]) sendAll(follower, foreign, { offset: 0, length: all });
  for (const index of [7, 9])
    finish(follower.machine, (done) => follower.store.install(index, done));
  expect(follower.load(7)).toBe(seven.state);
});

test('what is being loaded is not dropped', () => {
  const long = foreignSnapshot(7, 600_000);
  for (let seed = 0; seed < 12; seed += 1) {
    const follower = new Follower(seed);
    for (const foreign of [long, nine]) sendAll(follower, foreign, { offset: 0, length: 300_000 });
    finish(follower.machine, (done) => follower.store.install(9, done));
    const sink = new TestSink();
    const outcomes: unknown[] = [];
    follower.store.load(7, sink, (error) => outcomes.push(error));
    follower.store.dropUnused();
    follower.machine.run();
    expect(outcomes).toEqual([null]);
    expect(sink.state).toBe(long.state);
    follower.store.dropUnused();
    follower.machine.run();
    expect(follower.machine.files()).toHaveLength(1);
  }
});

test('a disk that fails is told, and nothing is tried again', () => {
  for (const operation of ['writeAt', 'sync']) {
    const follower = new Follower();
    const { machine, store } = follower;
    machine.fault = (failing, file) =>
      failing === operation ? new DiskError('EIO', file, 'bad sector') : null;
    const receive = (done: Done): void =>
      store.receive(chunkOf(seven, { offset: 0, length: all }), done);
    expect(() => finish(machine, receive)).toThrow(/bad sector/);
    machine.fault = () => null;
    expect(() => finish(machine, receive)).toThrow(/bad sector/);
    expect(store.current).toBeNull();
  }
});

test('a crash at any step of receiving and installing leaves the old or the new one, whole', () => {
  const indexes = { old: 0, new: 0 };
  for (const loss of ['everything', 'nothing', 'some'] as const) {
    for (let steps = 0; ; steps += 1) {
      const follower = new Follower(steps);
      writeSnapshot(follower.machine, follower.store, 5);
      let installed = false;
      const { store } = follower;
      for (const offset of [0, 200, 400]) {
        store.receive(chunkOf(seven, { offset, length: 200 }), (_error, { complete }) => {
          if (complete === null) return;
          store.install(7, () => {
            installed = true;
          });
        });
      }
      for (let step = 0; step < steps && follower.machine.step(); step += 1);
      const state = follower.restart(loss);
      const index = follower.store.current?.meta.lastIncludedIndex;
      expect(state).toBe(index === 7 ? seven.state : stateAt(5).toString());
      expect(follower.machine.files()).toHaveLength(1);
      if (index === 7) indexes.new += 1;
      else indexes.old += 1;
      if (!installed) continue;
      expect(index).toBe(7);
      break;
    }
  }
  expect(indexes.old).toBeGreaterThan(10);
  expect(indexes.new).toBeGreaterThanOrEqual(3);
});

test('it passes its crash points, and a crash there loses nothing that was promised', () => {
  const points = [
    'snapshot.after-chunk',
    'snapshot.received-before-install',
    'snapshot.after-rename-before-directory-fsync',
  ] as const;
  for (const point of points) {
    const follower = new Follower();
    follower.machine.crashAt = point;
    const run = (): void => {
      sendAll(follower, seven, { offset: 0, length: 200 });
      finish(follower.machine, (done) => follower.store.install(7, done));
    };
    expect(run).toThrow(TestCrash);
    follower.restart('everything');
    expect(follower.store.current).toBeNull();
    expect(follower.machine.files()).toEqual([]);
    run();
    expect(follower.restart('everything')).toBe(seven.state);
  }
});

interface Move {
  readonly file: number;
  readonly offset: number;
  readonly length: number;
  readonly term: number;
  readonly damaged: boolean;
  readonly crash: boolean;
}

const move: fc.Arbitrary<Move> = fc.record({
  file: fc.nat({ max: 2 }),
  offset: fc.oneof(fc.constant(0), fc.nat({ max: 600 })),
  length: fc.nat({ max: 500 }),
  term: fc.integer({ min: 5, max: 7 }),
  damaged: fc.integer({ min: 0, max: 9 }).map((draw) => draw === 0),
  crash: fc.integer({ min: 0, max: 19 }).map((draw) => draw === 0),
});

/** Follows the answers half of the time, so that files become whole. */
function play(follower: Follower, moves: readonly Move[], files: readonly ForeignSnapshot[]): void {
  const nextOffsets = [0, 0, 0];
  for (const [turn, { file, damaged, crash, ...place }] of moves.entries()) {
    const foreign = files[file] ?? seven;
    if (crash) follower.restart('some');
    const offset = turn % 2 === 0 ? (nextOffsets[file] ?? 0) : place.offset;
    const bytes = damaged ? Buffer.alloc(foreign.bytes.length, 'x') : foreign.bytes;
    const result = follower.receive({ ...foreign, bytes }, { ...place, offset });
    nextOffsets[file] = result.nextOffset;
    if (result.complete === null) continue;
    expect(result.complete).toEqual(foreign.stored.meta);
    expect(follower.load(result.complete.lastIncludedIndex)).toBe(foreign.state);
    completeCount += 1;
  }
}

let completeCount = 0;

test('whatever comes in whatever order: what is called complete is the very file', () => {
  const files = [seven, nine, foreignSnapshot(11)];
  fc.assert(
    fc.property(fc.array(move, { minLength: 1, maxLength: 40 }), fc.nat(), (moves, seed) => {
      const follower = new Follower(seed);
      play(follower, moves, files);
      // And after all that a leader of a later term still gets its snapshot across.
      const place = { offset: 0, length: 100, term: 8 };
      expect(sendAll(follower, nine, place).complete).toEqual(metaOf(9));
      finish(follower.machine, (done) => follower.store.install(9, done));
      expect(follower.restart('everything')).toBe(nine.state);
    }),
    { numRuns: 150 },
  );
  expect(completeCount).toBeGreaterThan(50);
});

test('on the real disk too: written, sent in chunks, installed, loaded, found again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rafture-snapshot-'));
  const finished = (start: (done: (error: Error | null) => void) => void): Promise<void> =>
    new Promise((resolve, reject) => {
      start((error) => (error === null ? resolve() : reject(error)));
    });
  const open = async (name: string) => {
    const disk = new FileDisk(join(folder, name));
    const log = { event: () => undefined };
    const host = { disk, timers: createRealTimers(), crashPoints: noCrashPoints, log };
    const { store, repair } = recoverSnapshots(host);
    const sink = new TestSink();
    if (store.current !== null) store.loadSync(sink);
    await finished(repair);
    return { disk, store, state: sink.state };
  };
  try {
    const leader = await open('leader');
    const follower = await open('follower');
    const random = createTestRandom(1);
    const state = Buffer.from(Array.from({ length: 3_000_000 }, () => random() * 256));
    await finished((done) => leader.store.write(metaOf(50), sourceOf(state, 250_000), done));
    const stored = leader.store.current;
    if (stored === null) throw new RangeError('nothing was written');
    let next: ReceiveResult = { nextOffset: 0, complete: null };
    while (next.complete === null) {
      const offset = next.nextOffset;
      const data = await new Promise<Uint8Array>((resolve, reject) => {
        leader.store.readChunk(50, { offset, length: 400_000 }, (error, bytes) => {
          if (error !== null || bytes === null) reject(error ?? new RangeError('no such file'));
          else resolve(bytes);
        });
      });
      const head = chunkOf({ stored, bytes: Buffer.alloc(0), state: '' }, { offset, length: 0 });
      next = await new Promise((resolve, reject) => {
        follower.store.receive({ ...head, data }, (error, result) => {
          if (error === null) resolve(result);
          else reject(error);
        });
      });
    }
    const sink = new TestSink();
    const loaded = finished((done) => follower.store.load(50, sink, done));
    await finished((done) => follower.store.install(50, done));
    await loaded;
    expect(sink.state).toBe(state.toString());
    follower.disk.close();
    const again = await open('follower');
    expect(again.state).toBe(state.toString());
    expect(again.store.current).toEqual(stored);
    expect(again.disk.list()).toHaveLength(1);
    for (const { disk } of [leader, again]) disk.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
