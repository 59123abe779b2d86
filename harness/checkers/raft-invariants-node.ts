/**
 * One node's trace, event by event, held against the promises that a node keeps by itself; what
 * concerns others goes to the facts of all. [Fig. 2] [Fig. 3]
 *
 * A crash takes back what is only in memory, and the last lines of a life may be lost. So a new
 * life is held against three things alone: the term and the vote that were durable, the snapshot,
 * and entries that were both durable and known to be committed, which nobody may ever replace.
 */
import type { RaftEvent } from '../raft-event.ts';
import { describePlace, type Place } from './raft-invariants-entries.ts';
import type { Promised, Told, TraceFacts } from './raft-invariants-facts.ts';
import { TracedLog } from './raft-invariants-log.ts';

type Event<Name extends RaftEvent['event']> = Extract<RaftEvent, { event: Name }>;

export class TracedNode {
  readonly #node: string;
  readonly #facts: TraceFacts;
  readonly #log = new TracedLog();
  #life = 0;
  #event = 0;
  #role = 'follower';
  #term = 0;
  #votedFor: string | null = null;
  #commitIndex = 0;
  #appliedIndex = 0;
  #durableIndex = 0;
  /** What no crash takes back, over all lives. */
  #durableTerm = 0;
  #durableVote: { readonly term: number; readonly votedFor: string } | null = null;
  #snapshotIndex = 0;
  /** The last entry that is both on disk and committed; its term is null when it is not known. */
  #kept: { readonly index: number; readonly term: number | null } = { index: 0, term: 0 };
  /** Up to here the facts have what is committed of this log. */
  #claimedIndex = 0;
  #unplaced = 0;

  constructor(node: string, facts: TraceFacts) {
    this.#node = node;
    this.#facts = facts;
  }

  get eventCount(): number {
    return this.#event;
  }

  get lifeCount(): number {
    return this.#life;
  }

  /** Committed entries of which lines that were lost would tell what they are. */
  get unplacedCount(): number {
    return this.#unplaced;
  }

  observe(event: RaftEvent): void {
    this.#event++;
    if (this.#life === 0 && event.event !== 'start') {
      // Nothing is known of what it began with.
      if (this.#event === 1) this.#trouble('the trace does not begin with a start');
      return;
    }
    switch (event.event) {
      case 'start':
        this.#judgeStart(event);
        break;
      case 'status':
        this.#judgeStatus(event);
        break;
      case 'persisted':
        this.#judgePersisted(event);
        break;
      case 'append':
        this.#judgeAppend(event);
        break;
      case 'durable':
        this.#judgeDurable(event);
        break;
      case 'commit':
        this.#judgeCommit(event);
        break;
      case 'apply':
        this.#judgeApply(event);
        break;
      case 'snapshot':
        this.#judgeSnapshot(event);
        break;
      case 'install':
        this.#judgeInstall(event);
        break;
      case 'hash':
        this.#facts.hash(event.index, event.hash, this.#told);
        break;
      case 'configuration':
      case 'match':
        break;
      default:
        event satisfies never;
    }
  }

  #judgeStart(start: Event<'start'>): void {
    this.#life++;
    const { term, votedFor, snapshotIndex, firstLogIndex, lastLogIndex, lastLogTerm } = start;
    if (term < this.#durableTerm) {
      this.#broken(
        'monotonic term',
        `after a restart ${term}, though ${this.#durableTerm} was on its disk`,
      );
    }
    this.#judgeVote(term, votedFor);
    if (snapshotIndex < this.#snapshotIndex) {
      const was = `one up to entry ${this.#snapshotIndex} was on its disk`;
      this.#broken('snapshots', `after a restart one up to entry ${snapshotIndex}, though ${was}`);
    }
    if (firstLogIndex > snapshotIndex + 1) {
      const gap = `its log begins with ${firstLogIndex}, its snapshot ends with ${snapshotIndex}`;
      this.#broken('durability', `after a restart ${gap}`);
    }
    if (term < lastLogTerm) {
      this.#broken(
        'monotonic term',
        `it is in term ${term}, and its last entry is of term ${lastLogTerm}`,
      );
    }
    const last = { index: lastLogIndex, term: lastLogTerm };
    const sameIndex = this.#log.recover(last, this.#facts.entries);
    this.#claimedIndex = Math.min(this.#claimedIndex, sameIndex);
    this.#judgeKept(last);
    this.#role = 'follower';
    this.#term = term;
    this.#votedFor = votedFor;
    this.#commitIndex = snapshotIndex;
    this.#appliedIndex = snapshotIndex;
    this.#durableIndex = lastLogIndex;
    this.#durableTerm = Math.max(this.#durableTerm, term);
    if (votedFor !== null) this.#durableVote = { term, votedFor };
    this.#snapshotIndex = snapshotIndex;
  }

  #judgeKept(last: Place): void {
    const { index, term } = this.#kept;
    const found = this.#log.termAt(index);
    const differs = term !== null && found !== null && found !== term;
    if (last.index >= index && !differs) return;
    const entry = term === null ? `entry ${index}` : describePlace({ index, term });
    const end = `after a restart the log ends with ${describePlace(last)}`;
    this.#broken('durability', `${end}, though ${entry} was committed and on its disk`);
  }

  /** One vote a term, as far as it is durable: what was not was told to nobody. */
  #judgeVote(term: number, votedFor: string | null): void {
    const durable = this.#durableVote;
    if (durable === null || term !== durable.term || votedFor === durable.votedFor) return;
    const was = `a vote for ${durable.votedFor} was on its disk`;
    this.#broken('one vote a term', `in term ${term} for ${votedFor ?? 'nobody'}, though ${was}`);
  }

  #judgeStatus(status: Event<'status'>): void {
    const { role, term, votedFor, leaderId, commitIndex, lastLogIndex } = status;
    if (term < this.#term) this.#broken('monotonic term', wentBack(this.#term, term));
    const before = this.#votedFor;
    if (term === this.#term && before !== null && votedFor !== before) {
      this.#broken(
        'one vote a term',
        `in term ${term} for ${before}, then for ${votedFor ?? 'nobody'}`,
      );
    }
    if (commitIndex > lastLogIndex) {
      this.#broken(
        'commit index',
        `it is ${commitIndex}, and the log ends with entry ${lastLogIndex}`,
      );
    }
    if (commitIndex < this.#commitIndex) {
      this.#broken('commit index', wentBack(this.#commitIndex, commitIndex));
    }
    if (leaderId !== null) this.#facts.follows(this.#node, leaderId, term, this.#told);
    const beginsToLead = role === 'leader' && !(this.#role === role && this.#term === term);
    this.#role = role;
    this.#term = term;
    this.#votedFor = votedFor;
    if (!beginsToLead) return;
    // It asked for votes, which it may do only once its term is durable.
    this.#durableTerm = Math.max(this.#durableTerm, term);
    // The entries that come with the change of status are told after it.
    this.#facts.becomesLeader({ ...this.#told, term, log: this.#log });
  }

  #judgePersisted({ term, votedFor }: Event<'persisted'>): void {
    if (term < this.#durableTerm) {
      this.#broken('monotonic term', `${this.#durableTerm} was on its disk, and then ${term}`);
    }
    this.#judgeVote(term, votedFor);
    this.#durableTerm = Math.max(this.#durableTerm, term);
    if (votedFor !== null) this.#durableVote = { term, votedFor };
  }

  #judgeAppend({ term, entries }: Event<'append'>): void {
    const first = entries[0]?.index ?? this.#log.lastIndex + 1;
    if (this.#role === 'leader' && first <= this.#log.lastIndex) {
      this.#broken('leader append-only', `a leader replaced its own log from entry ${first} on`);
    }
    if (first <= this.#commitIndex) {
      const what = `it replaced entry ${first}, and up to ${this.#commitIndex} they were committed`;
      this.#broken('state machine safety', what);
    }
    this.#durableIndex = Math.min(this.#durableIndex, first - 1);
    this.#claimedIndex = Math.min(this.#claimedIndex, first - 1);
    const problem = this.#log.append(entries, (entry, previousTerm) => {
      const name = describePlace(entry);
      if (previousTerm !== null && entry.term < previousTerm) {
        this.#broken('log matching', `${name} comes right after one of term ${previousTerm}`);
      }
      if (entry.term > term) this.#broken('monotonic term', `${name} was appended in term ${term}`);
      const contradiction = this.#facts.entries.add(entry, previousTerm);
      if (contradiction !== null)
        this.#broken('log matching', `there are two of ${name}: ${contradiction}`);
    });
    if (problem !== null) this.#trouble(problem);
  }

  #judgeDurable({ index }: Event<'durable'>): void {
    const { lastIndex, endIsKnown } = this.#log;
    if (index > lastIndex && endIsKnown) {
      this.#trouble(`entry ${index} is on its disk, and its log ends with entry ${lastIndex}`);
      return;
    }
    this.#durableIndex = index;
    this.#durableTerm = Math.max(this.#durableTerm, this.#log.termAt(index) ?? 0);
    this.#keep();
  }

  #judgeCommit({ index, term }: Event<'commit'>): void {
    const { lastIndex, endIsKnown } = this.#log;
    if (index < this.#commitIndex) {
      this.#broken('commit index', wentBack(this.#commitIndex, index));
    }
    if (index > lastIndex && endIsKnown) {
      this.#broken('commit index', `it is ${index}, and the log ends with entry ${lastIndex}`);
      return;
    }
    this.#claim(index, term);
    this.#commitIndex = Math.max(this.#commitIndex, index);
    this.#keep();
  }

  /** After a restart the same is committed once more, which says nothing new. */
  #claim(index: number, inTerm: number): void {
    const told = this.#told;
    let unplaced = 0;
    for (let each = Math.max(this.#commitIndex, this.#claimedIndex) + 1; each <= index; each++) {
      const term = this.#log.termAt(each);
      if (term === null) unplaced++;
      else this.#facts.commits({ index: each, term }, inTerm, told);
    }
    this.#unplaced += unplaced;
    if (unplaced === 0) this.#claimedIndex = Math.max(this.#claimedIndex, index);
  }

  /** All nodes apply the same entries, each once and in order. */
  #judgeApply({ index, entryTerm }: Event<'apply'>): void {
    if (index !== this.#appliedIndex + 1) {
      this.#broken(
        'apply order',
        `it applied entry ${index} right after entry ${this.#appliedIndex}`,
      );
    }
    if (index > this.#commitIndex) {
      this.#broken(
        'apply order',
        `it applied entry ${index} while only up to ${this.#commitIndex} they were committed`,
      );
    }
    this.#facts.commits({ index, term: entryTerm }, this.#term, this.#told);
    this.#appliedIndex = index;
  }

  #judgeSnapshot({ index, term }: Event<'snapshot'>): void {
    if (index > this.#appliedIndex) {
      this.#broken(
        'snapshots',
        `it took one up to entry ${index}, and had applied only up to ${this.#appliedIndex}`,
      );
    }
    if (index < this.#snapshotIndex) {
      this.#broken(
        'snapshots',
        `it took one up to entry ${index}, and had one up to ${this.#snapshotIndex}`,
      );
    }
    this.#facts.commits({ index, term }, this.#term, this.#told);
    this.#snapshotIndex = Math.max(this.#snapshotIndex, index);
  }

  /** The log is kept behind a snapshot that it agrees with, and given up otherwise. [Raft §7] */
  #judgeInstall({ index, term }: Event<'install'>): void {
    if (index <= this.#appliedIndex) {
      this.#broken(
        'snapshots',
        `it installed one up to entry ${index}, and had applied up to ${this.#appliedIndex}`,
      );
    }
    this.#facts.commits({ index, term }, this.#term, this.#told);
    const isKept = this.#log.install({ index, term });
    if (isKept === false && this.#role === 'leader') {
      this.#broken(
        'leader append-only',
        `a snapshot up to entry ${index} took the place of a leader's log`,
      );
    }
    // Until it is durable a crash may bring the old log back, of which this much stays true.
    if (isKept !== true) {
      this.#durableIndex = Math.min(this.#durableIndex, this.#commitIndex);
      this.#claimedIndex = 0;
    }
    this.#commitIndex = Math.max(this.#commitIndex, index);
    this.#appliedIndex = index;
  }

  #keep(): void {
    const index = Math.min(this.#durableIndex, this.#commitIndex);
    if (index > this.#kept.index) this.#kept = { index, term: this.#log.termAt(index) };
  }

  get #told(): Told {
    return { node: this.#node, life: this.#life, event: this.#event };
  }

  #broken(promise: Promised, what: string): void {
    this.#facts.broken(promise, what, this.#told);
  }

  #trouble(what: string): void {
    this.#facts.trouble(what, this.#told);
  }
}

function wentBack(from: number, to: number): string {
  return `it went back from ${from} to ${to}`;
}
