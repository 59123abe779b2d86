import { expect, test } from 'vitest';
import type { Host } from './host.ts';
import { NodeSnapshots } from './node-snapshots.ts';
import { TestMachine } from './storage/snapshot-test-disk.ts';
import {
  metaOf,
  sourceOf,
  startStore,
  stateAt,
  writeSnapshot,
} from './storage/snapshot-test-state.ts';

function createSnapshots() {
  const machine = new TestMachine(1);
  const { store } = startStore(machine);
  const host: Host = {
    ...machine.host(),
    random: { next: () => 0 },
    log: { event: () => {} },
    trace: null,
    network: {
      send: () => {},
      onMessage: () => {},
      onPeer: () => {},
      join: () => {},
      setPeers: () => {},
      meetAgain: () => {},
    },
  };
  const failures: Error[] = [];
  const snapshots = new NodeSnapshots(
    host,
    { id: 'n1', store },
    { step: () => {}, taken: () => {}, failed: (error) => failures.push(error) },
  );
  return { machine, store, snapshots };
}

test('a snapshot is due after so many entries', () => {
  const { snapshots } = createSnapshots();
  expect(snapshots.isDue(9, 10)).toBe(false);
  expect(snapshots.isDue(10, 10)).toBe(true);
});

test('a large state is not written anew before the log is half as large', () => {
  const { machine, store, snapshots } = createSnapshots();
  writeSnapshot(machine, store, 5);
  const bytes = store.current?.fileBytes ?? 0;
  expect(bytes).toBeGreaterThan(300);
  snapshots.noteApplied(Math.ceil(bytes / 2) - 1);
  expect(snapshots.isDue(10, 10)).toBe(false);
  snapshots.noteApplied(1);
  expect(snapshots.isDue(10, 10)).toBe(true);
  expect(snapshots.isDue(9, 10)).toBe(false);
});

test('a log of very many bytes is worth a snapshot, however few entries it has', () => {
  const { snapshots } = createSnapshots();
  snapshots.noteApplied(256 * 1024 * 1024 - 1);
  expect(snapshots.isDue(1, 1000)).toBe(false);
  snapshots.noteApplied(1);
  expect(snapshots.isDue(1, 1000)).toBe(true);
  expect(snapshots.isDue(0, 1000)).toBe(false);
  const other = createSnapshots();
  other.snapshots.noteApplied(99);
  expect(other.snapshots.isDue(1, 1000, 100)).toBe(false);
  other.snapshots.noteApplied(1);
  expect(other.snapshots.isDue(1, 1000, 100)).toBe(true);
});

test('the bytes count from the last snapshot on, and one is taken at a time', () => {
  const { machine, store, snapshots } = createSnapshots();
  snapshots.noteApplied(256 * 1024 * 1024);
  snapshots.take(metaOf(5), sourceOf(stateAt(5)));
  snapshots.noteApplied(256 * 1024 * 1024);
  expect(snapshots.isDue(1000, 10)).toBe(false);
  machine.run();
  expect(store.current?.meta.lastIncludedIndex).toBe(5);
  expect(snapshots.isDue(1000, 10)).toBe(true);
  snapshots.take(metaOf(6), sourceOf(stateAt(6)));
  machine.run();
  expect(snapshots.isDue(1000, 10)).toBe(false);
});

test('none is due at a node that stops', () => {
  const { snapshots } = createSnapshots();
  snapshots.stop();
  expect(snapshots.isDue(1000, 10)).toBe(false);
});
