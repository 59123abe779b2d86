/**
 * Applies what is committed, in order, a batch a turn; and swaps the whole state when a leader's
 * snapshot takes its place. [Fig. 2]
 *
 * A restart may have a million entries to apply at once: in one turn they would keep the node from
 * its heartbeats, and it would lose the leadership that it has just won.
 */
import type { Host } from './host.ts';
import type { Reply } from './kv/command.ts';
import { StateMachine } from './kv/state-machine.ts';
import type { Entry, SnapshotMeta } from './raft/entry.ts';
import { InvariantError } from './raft/invariant-error.ts';
import type { SnapshotStore } from './storage/snapshot-store.ts';

export interface ApplierEvents {
  /** `answer` is null for an entry that is no command. */
  applied(entry: Entry, answer: Reply | null): void;
  /** The applied index has grown, and all entries up to it have been told of. */
  progressed(): void;
  /** The state is that of this snapshot now. */
  installed(snapshot: SnapshotMeta): void;
  failed(error: Error): void;
}

export interface ApplierParts {
  readonly snapshots: Pick<SnapshotStore, 'load'>;
  /** As it was recovered. */
  readonly stateMachine: StateMachine;
}

/** Of entries, and of their data. */
const batchCountMax = 4096;
const batchBytesMax = 4 * 1024 * 1024;

export class Applier {
  readonly #host: Pick<Host, 'timers' | 'crashPoints'>;
  readonly #snapshots: Pick<SnapshotStore, 'load'>;
  readonly #events: ApplierEvents;
  #stateMachine: StateMachine;
  #queue: Entry[] = [];
  #head = 0;
  #scheduled = false;
  #stopped = false;
  /** Being loaded: nothing is applied until its state is here. */
  #installing: SnapshotMeta | null = null;

  constructor(
    host: Pick<Host, 'timers' | 'crashPoints'>,
    { snapshots, stateMachine }: ApplierParts,
    events: ApplierEvents,
  ) {
    this.#host = host;
    this.#snapshots = snapshots;
    this.#stateMachine = stateMachine;
    this.#events = events;
  }

  /** Stays the same until `installed`. */
  get stateMachine(): StateMachine {
    return this.#stateMachine;
  }

  get appliedIndex(): number {
    return this.#stateMachine.appliedIndex;
  }

  get installing(): boolean {
    return this.#installing !== null;
  }

  /** Committed entries and what is still to be applied of them. */
  get waitingCount(): number {
    return this.#queue.length - this.#head;
  }

  push(committed: readonly Entry[]): void {
    if (committed.length === 0) return;
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    }
    for (const entry of committed) this.#queue.push(entry);
    if (!this.#scheduled) this.#applyBatch();
  }

  /** What waits to be applied is part of the snapshot: the log before it is gone. */
  install(snapshot: SnapshotMeta): void {
    this.#queue = [];
    this.#head = 0;
    this.#installing = snapshot;
    const { lastIncludedIndex } = snapshot;
    const restore = StateMachine.restore(lastIncludedIndex, this.#stateMachine.sessionLimits);
    this.#snapshots.load(lastIncludedIndex, restore.sink, (error) => {
      // A newer one may have come meanwhile.
      if (this.#stopped || this.#installing !== snapshot) return;
      if (error !== null) {
        this.#events.failed(error);
        return;
      }
      this.#guard(() => {
        this.#stateMachine = restore.finish();
        this.#installing = null;
        this.#events.installed(snapshot);
        this.#events.progressed();
        this.#applyBatch();
      });
    });
  }

  /** Nothing is applied or told any more. */
  stop(): void {
    this.#stopped = true;
  }

  #applyBatch(): void {
    if (this.#stopped || this.#installing !== null || this.waitingCount === 0) return;
    this.#host.crashPoints.reach('raft.before-apply');
    let count = 0;
    let bytes = 0;
    while (count < batchCountMax && bytes < batchBytesMax) {
      const entry = this.#queue[this.#head];
      if (entry === undefined) break;
      this.#head += 1;
      count += 1;
      bytes += entry.data.length;
      this.#apply(entry);
    }
    if (this.#head > batchCountMax) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    this.#events.progressed();
    if (this.waitingCount > 0) this.#schedule();
  }

  #apply(entry: Entry): void {
    if (entry.index !== this.appliedIndex + 1) {
      throw new InvariantError('entries are applied in order, each once', {
        appliedIndex: this.appliedIndex,
        entryIndex: entry.index,
        entryTerm: entry.term,
      });
    }
    const answer = this.#stateMachine.apply(entry);
    this.#host.crashPoints.reach('raft.after-apply-before-reply');
    this.#events.applied(entry, answer);
  }

  #schedule(): void {
    this.#scheduled = true;
    this.#host.timers.after(0, () => {
      this.#scheduled = false;
      this.#guard(() => this.#applyBatch());
    });
  }

  /** Whoever calls back knows nothing of what may go wrong in here. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#events.failed(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
