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

  /** This write and all before it are durable. */
  written(writeId: number): void {
    const newest = this.#hardStates.findLast((each) => each.writeId <= writeId);
    if (newest === undefined) return;
    this.#hardStates = this.#hardStates.filter((each) => each.writeId > writeId);
    const { currentTerm: term, votedFor } = newest.hardState;
    this.#trace.event({ event: 'persisted', term, votedFor });
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
