/**
 * Which data directory each peer has: remembered durably before the peer is let in.
 *
 * Many may come at once; one write at a time goes to the disk, and takes along all that waits.
 */
import type { NodeId } from '../raft/entry.ts';
import type { DiskError, Done } from './disk.ts';
import type { StoredIdentity } from './identity-format.ts';

type Known = Pick<StoredIdentity, 'peers' | 'removals' | 'foundation'>;

interface MemoryEvents {
  store(known: Known, done: Done): void;
  /** At most once. */
  failed(error: DiskError): void;
}

type Answer = (refusal: string | null) => void;

interface Peer {
  readonly id: NodeId;
  readonly directoryId: string;
}

interface Guest extends Peer {
  readonly answer: Answer;
}

/** Strangers cannot make the file grow without end; the oldest removals are forgotten. */
const peerCountMax = 1024;
const removalCountMax = 1024;

export class PeerMemory {
  readonly #events: MemoryEvents;
  readonly #peers: Map<NodeId, string>;
  readonly #removals: Map<NodeId, number>;
  #durable: ReadonlyMap<NodeId, string>;
  /** They are remembered, and wait until that is durable. */
  #waiting: readonly Guest[] = [];
  /** #peers has changed since the newest write began. */
  #changed = false;
  #writing = false;
  #error: DiskError | null = null;
  #foundation: string;
  #durableFoundation: string;

  constructor({ peers, removals, foundation }: Known, events: MemoryEvents) {
    this.#foundation = foundation;
    this.#durableFoundation = foundation;
    this.#peers = new Map(peers);
    this.#removals = new Map(removals);
    this.#durable = new Map(peers);
    this.#events = events;
  }

  ids(): readonly NodeId[] {
    return [...this.#peers.keys()];
  }

  /** Which first configuration this node's cluster has; empty while nobody has told. */
  get foundation(): string {
    return this.#foundation;
  }

  /**
   * Answers null once this peer's directory is remembered for good, else why it is not. Who joins
   * takes the foundation over from the first member that it lets in, and remembers it as durably.
   */
  meet(
    { id, directoryId, foundation }: Peer & { readonly foundation: string },
    answer: Answer,
  ): void {
    const known = this.#peers.get(id);
    const adopts = this.#foundation === '' && foundation !== '';
    if (known !== undefined && known !== directoryId) {
      answer(describeReplaced({ id, known, found: directoryId }));
    } else if (known !== undefined && !adopts && this.#staysDurable(id, directoryId)) {
      answer(null);
    } else if (this.#error !== null) {
      answer(describeFailure(this.#error));
    } else if (known === undefined && this.#peers.size >= peerCountMax) {
      answer(
        `this node has met ${peerCountMax} peers and takes no more: something connects to it ` +
          'under ever new names',
      );
    } else {
      if (adopts) this.#foundation = foundation;
      this.#peers.set(id, directoryId);
      this.#waiting = [...this.#waiting, { id, directoryId, answer }];
      if (known === undefined || adopts) this.#change();
    }
  }

  /** Who waits was forgotten, it may be, and a write that is under way takes it out for now. */
  #staysDurable(id: NodeId, directoryId: string): boolean {
    const waits = this.#waiting.some((guest) => guest.id === id);
    return !waits && this.#isDurable(id, directoryId);
  }

  #isDurable(id: NodeId, directoryId: string): boolean {
    const founded = this.#foundation === this.#durableFoundation;
    return founded && this.#durable.get(id) === directoryId;
  }

  /** See `RecoveredIdentity`. */
  forget(id: NodeId, configurationIndex?: number): void {
    if (configurationIndex !== undefined) {
      if (configurationIndex <= (this.#removals.get(id) ?? 0)) return;
      this.#noteRemoval(id, configurationIndex);
    }
    if (this.#peers.delete(id) || configurationIndex !== undefined) this.#change();
  }

  /** See `RecoveredIdentity`. */
  readmit(id: NodeId, configurationIndex: number): boolean {
    const removedAt = this.#removals.get(id);
    if (removedAt === undefined || configurationIndex <= removedAt) return false;
    this.forget(id, configurationIndex);
    return true;
  }

  #noteRemoval(id: NodeId, configurationIndex: number): void {
    this.#removals.delete(id);
    this.#removals.set(id, configurationIndex);
    const [oldest] = this.#removals.keys();
    if (oldest !== undefined && this.#removals.size > removalCountMax) {
      this.#removals.delete(oldest);
    }
  }

  #change(): void {
    this.#changed = true;
    this.#maybeWrite();
  }

  #maybeWrite(): void {
    if (!this.#changed || this.#writing || this.#error !== null) return;
    this.#writing = true;
    this.#changed = false;
    const peers = new Map(this.#peers);
    const known = { peers, removals: new Map(this.#removals), foundation: this.#foundation };
    this.#events.store(known, (error) => {
      this.#writing = false;
      if (error === null) {
        this.#durable = peers;
        this.#durableFoundation = known.foundation;
      } else this.#error = error;
      this.#maybeWrite();
      this.#answerWaiting();
      if (error !== null) this.#events.failed(error);
    });
  }

  #answerWaiting(): void {
    const waiting = this.#waiting;
    const refusals = waiting.map((guest) => this.#refusalOf(guest));
    this.#waiting = waiting.filter((_, position) => refusals[position] === undefined);
    for (const [position, { answer }] of waiting.entries()) {
      const refusal = refusals[position];
      if (refusal !== undefined) answer(refusal);
    }
  }

  /** Undefined: it waits for the next write. */
  #refusalOf({ id, directoryId }: Guest): string | null | undefined {
    if (this.#error !== null) return describeFailure(this.#error);
    // It was forgotten since, and perhaps another one has come under its name.
    if (this.#peers.get(id) !== directoryId) return `${id} was removed just now: it may come again`;
    return this.#isDurable(id, directoryId) ? null : undefined;
  }
}

interface Replaced {
  readonly id: NodeId;
  readonly known: string;
  readonly found: string;
}

function describeReplaced({ id, known, found }: Replaced): string {
  return (
    `${id} was known with the data directory ${known} and comes with ${found}: it was wiped or ` +
    'replaced, and has forgotten votes and entries that others counted; take it out with ' +
    'RAFT.REMOVE on the leader, then add it with RAFT.ADD, under this name or a new one'
  );
}

function describeFailure(error: DiskError): string {
  return `this node cannot remember it, its disk failed: ${error.message}`;
}
