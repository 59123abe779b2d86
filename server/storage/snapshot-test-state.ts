/**
 * What tests put into snapshots, and how they get it out again.
 */
import { configurationOf } from '../raft/configuration.ts';
import type { SnapshotMeta } from '../raft/entry.ts';
import type { InstallSnapshot } from '../raft/message.ts';
import type { DiskError, Done } from './disk.ts';
import {
  recoverSnapshots,
  type SnapshotSink,
  type SnapshotSource,
  type SnapshotStore,
  type StoredSnapshot,
} from './snapshot-store.ts';
import { TestMachine } from './snapshot-test-disk.ts';

export function metaOf(lastIncludedIndex: number, lastIncludedTerm = 1): SnapshotMeta {
  const configuration = { index: 1, configuration: configurationOf(['n1', 'n2', 'n3']) };
  return { lastIncludedIndex, lastIncludedTerm, configuration };
}

/** The state at this index: long enough for several pieces, and unlike any other's. */
export function stateAt(index: number, bytes = 300): Buffer {
  return Buffer.from(`state at ${index};`.repeat(bytes).slice(0, bytes));
}

export function sourceOf(state: Uint8Array, pieceBytes = 100): SnapshotSource {
  let offset = 0;
  return {
    next: () => {
      if (offset >= state.length) return null;
      offset += pieceBytes;
      return state.subarray(offset - pieceBytes, offset);
    },
  };
}

/** Keeps copies of what it was given. */
export class TestSink implements SnapshotSink {
  readonly #pieces: Uint8Array[] = [];

  push(piece: Uint8Array): void {
    this.#pieces.push(Uint8Array.from(piece));
  }

  get state(): string {
    return Buffer.concat(this.#pieces).toString();
  }
}

/** As a node starts: found, loaded, repaired. */
export function startStore(machine: TestMachine): { store: SnapshotStore; state: string } {
  const { store, repair } = recoverSnapshots(machine.host());
  const sink = new TestSink();
  if (store.current !== null) store.loadSync(sink);
  finish(machine, repair);
  return { store, state: sink.state };
}

/** Runs one operation to its end, and throws what it fails with. */
export function finish(machine: TestMachine, operation: (done: Done) => void): void {
  const outcomes: (DiskError | null)[] = [];
  operation((error) => outcomes.push(error));
  if (outcomes.length > 0) throw new RangeError('it called back before the call returned');
  machine.run();
  if (outcomes.length !== 1) throw new RangeError(`it called back ${outcomes.length} times`);
  const [error] = outcomes;
  if (error !== null && error !== undefined) throw error;
}

export function writeSnapshot(machine: TestMachine, store: SnapshotStore, index: number): void {
  finish(machine, (done) => store.write(metaOf(index), sourceOf(stateAt(index)), done));
}

/** A snapshot as another node has it on its disk. */
export interface ForeignSnapshot {
  readonly stored: StoredSnapshot;
  readonly bytes: Buffer;
  readonly state: string;
}

export function foreignSnapshot(index: number, stateBytes = 300): ForeignSnapshot {
  const machine = new TestMachine(index);
  const { store } = startStore(machine);
  const state = stateAt(index, stateBytes);
  finish(machine, (done) => store.write(metaOf(index), sourceOf(state, stateBytes / 3), done));
  const stored = store.current;
  const [file] = machine.files();
  if (stored === null || file === undefined) throw new RangeError('nothing was written');
  return { stored, bytes: machine.bytesOf(file), state: state.toString() };
}

export interface ChunkPlace {
  readonly offset: number;
  readonly length: number;
  readonly term?: number;
  readonly replicationId?: number;
}

export function chunkOf({ stored, bytes }: ForeignSnapshot, place: ChunkPlace): InstallSnapshot {
  const { offset, length, term = 5, replicationId = 1 } = place;
  const { meta, fileBytes, fileChecksum } = stored;
  const { lastIncludedIndex, lastIncludedTerm } = meta;
  return {
    type: 'installSnapshot',
    ...{ term, leaderId: 'n1', lastIncludedIndex, lastIncludedTerm, fileBytes, fileChecksum },
    ...{ offset, data: bytes.subarray(offset, offset + length), replicationId },
  };
}
