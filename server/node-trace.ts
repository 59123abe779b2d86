/**
 * Turns what the driver does into trace events, when somebody asked for them.
 */
import { crc32 } from 'node:zlib';
import type { Entry, HardState } from './raft/entry.ts';
import type { RaftStatus, Ready } from './raft/ready.ts';
import type { Trace, TracedEntry } from './trace.ts';

export class NodeTrace {
  readonly #trace: Trace;
  #commitIndex = 0;
  #durableIndex = 0;
  /** Of who leads, by peer: the match index that was told last. */
  readonly #counted = new Map<string, number>();
  /** Of writes that are under way, in their order. */
  #hardStates: { readonly writeId: number; readonly hardState: HardState }[] = [];

  constructor(trace: Trace, status: RaftStatus) {
    this.#trace = trace;
    const { currentTerm: term, votedFor, snapshotIndex, firstLogIndex } = status;
    const { lastLogIndex, lastLogTerm } = status;
    this.#commitIndex = status.commitIndex;
    this.#durableIndex = status.durableIndex;
    trace.event({
      event: 'start',
      term,
      votedFor,
      snapshotIndex,
      firstLogIndex,
      lastLogIndex,
      lastLogTerm,
    });
    trace.event({ event: 'configuration', ...status.configuration });
  }

  /** Before anything of it is performed. */
  ready(ready: Ready, status: RaftStatus): void {
    const { currentTerm: term } = status;
    if (ready.statusChanged || (ready.write?.hardState ?? null) !== null) this.#status(status);
    const { installed, write } = ready;
    if (write !== null && write.hardState !== null) {
      this.#hardStates.push({ writeId: write.id, hardState: write.hardState });
    }
    if (installed !== null) {
      const { lastIncludedIndex: index, lastIncludedTerm } = installed;
      this.#trace.event({ event: 'install', index, term: lastIncludedTerm });
    }
    if (write !== null && write.entries.length > 0) {
      this.#trace.event({ event: 'append', term, entries: write.entries.map(traced) });
    }
    if (ready.configurationChanged) {
      this.#trace.event({ event: 'configuration', ...status.configuration });
    }
    this.#matches(status);
    const { durableIndex, commitIndex } = status;
    if (durableIndex !== this.#durableIndex) {
      this.#durableIndex = durableIndex;
      this.#trace.event({ event: 'durable', term, index: durableIndex });
    }
    if (commitIndex > this.#commitIndex) {
      this.#commitIndex = commitIndex;
      this.#trace.event({ event: 'commit', term, index: commitIndex });
    }
  }

  /** Of who leads: what it counts of the others, where that has changed. */
  #matches({ followers, currentTerm: term }: RaftStatus): void {
    if (followers.length === 0) {
      if (this.#counted.size > 0) this.#counted.clear();
      return;
    }
    for (const { id: peer, matchIndex: index } of followers) {
      if ((this.#counted.get(peer) ?? 0) === index) continue;
      this.#counted.set(peer, index);
      if (index > 0) this.#trace.event({ event: 'match', term, peer, index });
    }
  }

  /** This write and all before it are durable. */
  written(writeId: number): void {
    const written = this.#hardStates.filter((each) => each.writeId <= writeId);
    if (written.length === 0) return;
    this.#hardStates = this.#hardStates.filter((each) => each.writeId > writeId);
    // Each of them may be promised from now on, those too that later ones have replaced.
    for (const { hardState } of written) {
      const { currentTerm: term, votedFor } = hardState;
      this.#trace.event({ event: 'persisted', term, votedFor });
    }
  }

  applied(entry: Entry): void {
    this.#trace.event({ event: 'apply', index: entry.index, entryTerm: entry.term });
  }

  snapshot(index: number, term: number): void {
    this.#trace.event({ event: 'snapshot', index, term });
  }

  hash(index: number, hash: string): void {
    this.#trace.event({ event: 'hash', index, hash });
  }

  #status(status: RaftStatus): void {
    const { role, currentTerm: term, votedFor, leaderId } = status;
    const { lastLogIndex, lastLogTerm, commitIndex } = status;
    this.#trace.event({
      event: 'status',
      role,
      term,
      votedFor,
      leaderId,
      lastLogIndex,
      lastLogTerm,
      commitIndex,
    });
  }
}

function traced({ index, term, kind, data }: Entry): TracedEntry {
  return { index, term, kind, checksum: crc32(data) };
}
