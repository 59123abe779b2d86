/**
 * A server of a transcript: its core, its disk, its state machine, and what it is waiting for.
 */
import type { Configuration, Entry, EntryId, HardState, NodeId, SnapshotMeta } from './entry.ts';
import type { Raft } from './raft.ts';
import type { Ready, Write } from './ready.ts';
import type { Packet } from './test-transcript-network.ts';

interface TranscriptDisk {
  hardState: HardState;
  snapshot: SnapshotMeta | null;
  base: EntryId;
  entries: Entry[];
}

export interface TranscriptNode {
  readonly id: NodeId;
  /** What its flags say at each start; a server that joins knows nobody. */
  readonly initial: Configuration;
  readonly disk: TranscriptDisk;
  raft: Raft | null;
  applied: readonly string[];
  appliedIndex: number;
  /** Writes wait for `write`. */
  holdsWrites: boolean;
  writes: Write[];
  /** Messages that wait for the write with this id. */
  waiting: { readonly afterWriteId: number; readonly packet: Packet }[];
  lastWriteId: number;
  writtenId: number;
  /** Chunks wait for `store`. */
  holdsChunks: boolean;
  chunks: Ready['chunks'];
  /** How much of a leader's snapshot has come. */
  receiving: { readonly lastIncludedIndex: number; readonly nextOffset: number } | null;
  /** Since it heard a leader or gave its vote, or about that long. */
  quietTicks: number;
}

export function createNode(id: NodeId, initial: Configuration): TranscriptNode {
  return {
    id,
    initial,
    disk: {
      hardState: { currentTerm: 0, votedFor: null },
      snapshot: null,
      base: { index: 0, term: 0 },
      entries: [],
    },
    raft: null,
    applied: [],
    appliedIndex: 0,
    holdsWrites: false,
    writes: [],
    waiting: [],
    lastWriteId: 0,
    writtenId: 0,
    holdsChunks: false,
    chunks: [],
    receiving: null,
    quietTicks: 0,
  };
}

/** A write is on the disk now. */
export function persist(disk: TranscriptDisk, { hardState, snapshot, entries }: Write): void {
  if (hardState !== null) disk.hardState = hardState;
  if (snapshot !== null) {
    disk.snapshot = snapshot;
    disk.base = { index: snapshot.lastIncludedIndex, term: snapshot.lastIncludedTerm };
    disk.entries = [];
  }
  const first = entries[0];
  if (first === undefined) return;
  disk.entries.length = first.index - 1 - disk.base.index;
  disk.entries.push(...entries);
}

/** The own snapshot is durable, and the log before it goes, but for some trailing entries. */
export function compact(disk: TranscriptDisk, snapshot: SnapshotMeta, trailing: number): void {
  disk.snapshot = snapshot;
  const index = Math.max(disk.base.index, snapshot.lastIncludedIndex - trailing);
  const term = disk.entries.find((entry) => entry.index === index)?.term ?? disk.base.term;
  disk.entries = disk.entries.filter((entry) => entry.index > index);
  disk.base = { index, term };
}
