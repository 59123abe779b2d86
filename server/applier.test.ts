import { expect, test } from 'vitest';
import { Applier } from './applier.ts';
import type { Reply } from './kv/command.ts';
import { encodeCommand } from './kv/command-codec.ts';
import { StateMachine } from './kv/state-machine.ts';
import { TestMachine as TestKv } from './kv/test-machine.ts';
import type { Entry } from './raft/entry.ts';
import { DiskError } from './storage/disk.ts';
import type { SnapshotStore } from './storage/snapshot-store.ts';
import { TestMachine } from './storage/snapshot-test-disk.ts';
import { finish, metaOf, startStore } from './storage/snapshot-test-state.ts';

const key = Buffer.from('k');

function increment(index: number, bytes = 0): Entry {
  const data = encodeCommand({ type: 'append', key, value: Buffer.alloc(bytes, 'x') });
  return { index, term: 1, kind: 'command', data };
}

function entries(first: number, last: number): Entry[] {
  return Array.from({ length: last - first + 1 }, (_, at) => increment(first + at, 1));
}

interface Rig {
  readonly machine: TestMachine;
  readonly applier: Applier;
  readonly events: string[];
  /** What was applied, in order. */
  readonly applied: number[];
  /** Snapshots that are being loaded: each ends when the test says so. */
  readonly loads: ((error?: DiskError) => void)[];
}

function createRig(applying: (index: number) => void = () => undefined): Rig {
  const machine = new TestMachine(1);
  const events: string[] = [];
  const applied: number[] = [];
  const loads: Rig['loads'] = [];
  const load: SnapshotStore['load'] = (index, sink, done) => {
    const disk = new TestMachine(index);
    const { store } = startStore(disk);
    finish(disk, (written) => store.write(metaOf(index), stateOf(index).beginSnapshot(), written));
    finish(disk, (loaded) => store.load(index, sink, (error) => loaded(toDiskError(error))));
    loads.push((error) => done(error ?? null));
  };
  const applier: Applier = new Applier(
    machine.host(),
    { snapshots: { load }, stateMachine: new StateMachine() },
    {
      applied: ({ index }) => {
        applying(index);
        applied.push(index);
      },
      progressed: () => events.push(`progressed to ${applier.appliedIndex}`),
      installed: ({ lastIncludedIndex }) => events.push(`installed ${lastIncludedIndex}`),
      failed: (error) => events.push(`failed: ${error.message}`),
    },
  );
  return { machine, applier, events, applied, loads };
}

function toDiskError(error: Error | null): DiskError | null {
  if (error === null || error instanceof DiskError) return error;
  throw error;
}

/** A state in which the key holds so many bytes as its index says. */
function stateOf(index: number): StateMachine {
  const kv = new TestKv();
  for (let at = 1; at <= index; at += 1) {
    kv.apply({ type: 'append', key, value: Buffer.from('x') });
  }
  return kv.machine;
}

function length(applier: Applier): Reply {
  return applier.stateMachine.read({ type: 'stringLength', key });
}

test('committed entries are applied at once and in order, with one word at the end', () => {
  const { applier, events, applied } = createRig();
  applier.push([]);
  applier.push(entries(1, 5));
  expect(applied).toEqual([1, 2, 3, 4, 5]);
  expect(events).toEqual(['progressed to 5']);
  expect(applier.waitingCount).toBe(0);
});

test('many are applied a batch a turn, by count and by bytes', () => {
  const byCount = createRig();
  byCount.applier.push(entries(1, 10_000));
  expect(byCount.applied.length).toBe(4096);
  // What comes meanwhile is behind them.
  byCount.applier.push(entries(10_001, 10_002));
  expect(byCount.applied.length).toBe(4096);
  byCount.machine.run();
  expect(byCount.applied).toEqual(Array.from({ length: 10_002 }, (_, at) => at + 1));
  expect(byCount.events.length).toBe(3);

  const byBytes = createRig();
  const mebibyte = 1024 * 1024;
  byBytes.applier.push([1, 2, 3, 4, 5, 6].map((index) => increment(index, mebibyte)));
  expect(byBytes.applied).toEqual([1, 2, 3, 4]);
  byBytes.machine.run();
  expect(byBytes.applied).toEqual([1, 2, 3, 4, 5, 6]);
});

test('an entry that is not the next one is no entry to apply', () => {
  const { applier } = createRig();
  applier.push(entries(1, 2));
  expect(() => applier.push(entries(4, 4))).toThrow('entries are applied in order, each once');
  expect(() => createRig().applier.push(entries(2, 2))).toThrow('each once');
});

test('a snapshot takes the place of the state; what waited before is part of it', () => {
  const { applier, machine, events, applied, loads } = createRig();
  applier.push(entries(1, 5000));
  expect(applied.length).toBe(4096);
  applier.install(metaOf(6000));
  expect(applier.installing).toBe(true);
  // Nothing is applied before the state is there, and then what follows it.
  applier.push(entries(6001, 6003));
  machine.run();
  expect(applied.length).toBe(4096);
  expect(length(applier)).toEqual({ type: 'integer', value: 4096 });
  loads[0]?.();
  machine.run();
  expect(applied.slice(4096)).toEqual([6001, 6002, 6003]);
  expect(applier.installing).toBe(false);
  expect(length(applier)).toEqual({ type: 'integer', value: 6003 });
  expect(events.slice(1)).toEqual(['installed 6000', 'progressed to 6000', 'progressed to 6003']);
});

test('of two snapshots the later one counts, whichever is loaded first', () => {
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const { applier, events, loads } = createRig();
    applier.install(metaOf(10));
    applier.install(metaOf(30));
    for (const at of order) loads[at]?.();
    expect(events).toEqual(['installed 30', 'progressed to 30']);
    expect(length(applier)).toEqual({ type: 'integer', value: 30 });
  }
});

test('a snapshot that cannot be read ends the node; the state is what it was', () => {
  const { applier, events, loads } = createRig();
  applier.push(entries(1, 3));
  applier.install(metaOf(10));
  loads[0]?.(new DiskError('EIO', 'snapshot', 'the read failed'));
  expect(events.at(-1)).toBe('failed: the read failed');
  expect(applier.appliedIndex).toBe(3);
});

test('what goes wrong in a later turn is told, and throws into nobody who only calls back', () => {
  const wrong = (index: number): void => {
    if (index > 4096) throw new RangeError(`nobody wants ${index}`);
  };
  const later = createRig(wrong);
  later.applier.push(entries(1, 5000));
  later.machine.run();
  expect(later.events.at(-1)).toBe('failed: nobody wants 4097');

  const behind = createRig(wrong);
  behind.applier.install(metaOf(5000));
  behind.applier.push(entries(5001, 5001));
  behind.loads[0]?.();
  expect(behind.events.at(-1)).toBe('failed: nobody wants 5001');
});

test('once it is stopped nothing is applied, installed or told', () => {
  const { applier, machine, events, applied, loads } = createRig();
  applier.push(entries(1, 5000));
  applier.install(metaOf(100));
  applier.push(entries(101, 102));
  applier.stop();
  loads[0]?.();
  machine.run();
  applier.push(entries(103, 104));
  expect(applied.length).toBe(4096);
  expect(events).toEqual(['progressed to 4096']);

  const batches = createRig();
  batches.applier.push(entries(1, 5000));
  batches.applier.stop();
  batches.machine.run();
  expect(batches.applied.length).toBe(4096);
});
