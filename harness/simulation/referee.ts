/**
 * The referee: holds what the nodes tell of themselves against the promises of Raft. [Fig. 3]
 *
 * It reads trace events and nothing else, of all nodes in the order in which they happened, and
 * shares no code with the server that it judges. It never throws: a violation is a sentence.
 */
import type { TraceEvent } from '../../server/trace.ts';
import type { NodeTraceEvent } from './plan.ts';
import { words } from './referee-words.ts';
import { describeEntry, KnownEntries, type Place, ToldLog } from './told-log.ts';
import { ToldVote, type Vote } from './told-vote.ts';

type Told<Name extends TraceEvent['event']> = Extract<TraceEvent, { event: Name }>;
type Members = Told<'configuration'>['configuration'];

/** What a node told, over all its lives. */
interface Watched {
  readonly node: string;
  readonly log: ToldLog;
  readonly vote: ToldVote;
  life: number;
  role: string;
  term: number;
  votedFor: string | null;
  commitIndex: number;
  appliedIndex: number;
  /** Of its log as it is: entries that were replaced since do not count. */
  durableIndex: number;
  /** A crash cannot take it below: it led in this term, or has an entry of it on disk. */
  durableTerm: number;
  snapshotIndex: number;
  members: Members | null;
  /** Where it said that its log ends; the entries that make it so are told next. */
  claimedEnd: Place | null;
}

interface Committed {
  readonly term: number;
  /** The lowest term in which a node told that it is committed. */
  readonly inTerm: number;
}

export interface RefereeCounts {
  readonly terms: number;
  readonly committed: number;
  /** How often each event was told. */
  readonly events: ReadonlyMap<string, number>;
}

/** More of them say nothing new. */
const violationsMax = 20;

export class Referee {
  readonly #violations: string[] = [];
  readonly #watched = new Map<string, Watched>();
  readonly #known = new KnownEntries();
  /** At position index - 1. */
  readonly #committed: Committed[] = [];
  readonly #leaders = new Map<number, string>();
  readonly #hashes = new Map<number, { readonly hash: string; readonly node: string }>();
  readonly #events = new Map<string, number>();
  /** Where the event at hand comes from, for the sentences. */
  #context = '';

  /** Sentences that begin with the promise that was broken; the first ones alone. */
  get violations(): readonly string[] {
    return this.#violations;
  }

  get counts(): RefereeCounts {
    const { size: terms } = this.#leaders;
    return { terms, committed: this.#committed.length, events: this.#events };
  }

  /** The node's disk was taken away: what it had promised is void. */
  forget(node: string): void {
    this.#watched.delete(node);
  }

  observe({ node, life, timeUs, told }: NodeTraceEvent): void {
    this.#events.set(told.event, (this.#events.get(told.event) ?? 0) + 1);
    this.#context = `${node}, life ${life}, at ${timeUs / 1000} ms`;
    const watched = this.#watch(node);
    if (told.event !== 'start' && watched.life !== life) {
      this.#broken('trace', words.lifeWithoutStart(told.event));
      watched.life = life;
    }
    watched.life = life;
    // The entries that a change of status brings are told right after it.
    const isOfStatus = told.event === 'append' || told.event === 'install';
    if (!isOfStatus) this.#judgeClaim(watched);
    this.#judge(watched, told);
    if (told.event === 'append') this.#judgeClaim(watched);
  }

  #judgeClaim(watched: Watched): void {
    const { claimedEnd, log } = watched;
    watched.claimedEnd = null;
    if (claimedEnd === null) return;
    const claimed = describeEntry(claimedEnd);
    const end = describeEntry({ index: log.lastIndex, term: log.lastTerm });
    if (claimed !== end) this.#broken('trace', words.otherEnd(claimed, end));
  }

  #judge(watched: Watched, told: TraceEvent): void {
    switch (told.event) {
      case 'start':
        this.#judgeStart(watched, told);
        break;
      case 'status':
        this.#judgeStatus(watched, told);
        break;
      case 'persisted':
        this.#judgeVote(watched, told);
        watched.vote.persist(told);
        watched.durableTerm = Math.max(watched.durableTerm, told.term);
        break;
      case 'append':
        this.#judgeAppend(watched, told);
        break;
      case 'durable':
        this.#judgeDurable(watched, told);
        break;
      case 'commit':
        this.#judgeCommit(watched, told);
        break;
      case 'apply':
        this.#judgeApply(watched, told);
        break;
      case 'configuration':
        watched.members = told.configuration;
        break;
      case 'snapshot':
        this.#judgeSnapshot(watched, told);
        break;
      case 'install':
        this.#judgeInstall(watched, told);
        break;
      case 'hash':
        this.#judgeHash(watched, told);
        break;
      default:
        told satisfies never;
    }
  }

  /** What had to survive is there, and nothing else than what once was. [Fig. 2] */
  #judgeStart(watched: Watched, told: Told<'start'>): void {
    const { lastLogIndex, lastLogTerm, firstLogIndex, snapshotIndex, term } = told;
    if (term < watched.durableTerm) {
      this.#broken('terms survive', words.lostTerm(term, watched.durableTerm));
    }
    this.#judgeVote(watched, told);
    if (snapshotIndex < watched.snapshotIndex) {
      this.#broken('snapshots survive', words.lostSnapshot(snapshotIndex, watched.snapshotIndex));
    }
    if (firstLogIndex > snapshotIndex + 1) {
      this.#broken('no gap', words.gap(firstLogIndex, snapshotIndex));
    }
    const { durableIndex } = watched;
    const durableTermAt = watched.log.termAt(durableIndex);
    const last = { index: lastLogIndex, term: lastLogTerm };
    const missing = watched.log.rebuild(last, firstLogIndex - 1, this.#known);
    if (missing !== null) {
      this.#broken('no invention', words.invented(missing));
      watched.log.resetTo(last);
    }
    const termAt = watched.log.termAt(durableIndex);
    const differs = durableTermAt !== null && termAt !== null && termAt !== durableTermAt;
    if (lastLogIndex < durableIndex || differs) {
      const durable = { index: durableIndex, term: durableTermAt ?? 0 };
      this.#broken('durability', words.lostEntry(last, durable));
    }
    if (term < lastLogTerm) this.#broken('terms', words.termBelowLog(term, lastLogTerm));
    watched.claimedEnd = null;
    watched.role = 'follower';
    watched.term = term;
    watched.votedFor = told.votedFor;
    watched.commitIndex = snapshotIndex;
    watched.appliedIndex = snapshotIndex;
    watched.durableIndex = lastLogIndex;
    watched.durableTerm = term;
    watched.snapshotIndex = snapshotIndex;
  }

  #judgeVote({ vote }: Watched, now: Vote): void {
    const contradiction = vote.contradictionOf(now);
    if (contradiction !== null) this.#broken('votes survive', contradiction);
  }

  #judgeStatus(watched: Watched, told: Told<'status'>): void {
    const { role, term, votedFor, commitIndex, lastLogIndex, lastLogTerm } = told;
    if (term < watched.term) this.#broken('terms', words.wentBack(watched.term, term));
    const changedVote =
      term === watched.term && watched.votedFor !== null && votedFor !== watched.votedFor;
    if (changedVote) {
      this.#broken('one vote', words.twoVotes(term, watched.votedFor, votedFor));
    }
    if (commitIndex > lastLogIndex) {
      this.#broken('commit index', words.beyondLog(commitIndex, lastLogIndex));
    }
    const { lastIndex, lastTerm } = watched.log;
    const isThere = lastIndex === lastLogIndex && lastTerm === lastLogTerm;
    watched.claimedEnd = isThere ? null : { index: lastLogIndex, term: lastLogTerm };
    const beginsToLead = role === 'leader' && !(watched.role === role && watched.term === term);
    watched.role = role;
    watched.term = term;
    watched.votedFor = votedFor;
    if (role !== 'leader') return;
    // It asked for votes, which it may do only once its term and vote are durable.
    watched.durableTerm = Math.max(watched.durableTerm, term);
    if (beginsToLead) this.#judgeLeader(watched);
  }

  /** Election safety, and leader completeness. [Fig. 3] */
  #judgeLeader({ node, term, log }: Watched): void {
    const other = this.#leaders.get(term);
    if (other !== undefined) {
      this.#broken('election safety', words.twoLeaders(term, node, other));
    }
    this.#leaders.set(term, node);
    for (let index = log.firstIndex; index <= this.#committed.length; index++) {
      const committed = this.#committed[index - 1];
      // Who was elected late, in a term that is over, may lack what later ones committed.
      if (committed === undefined || committed.inTerm >= term) continue;
      if (log.termAt(index) === committed.term) continue;
      const missing = { index, term: committed.term };
      this.#broken('leader completeness', words.leaderLacks(missing, term, log.termAt(index)));
      return;
    }
  }

  /** Log matching, leader append-only, and nothing that is committed is taken back. [Fig. 3] */
  #judgeAppend(watched: Watched, told: Told<'append'>): void {
    const { log, role, commitIndex } = watched;
    const first = told.entries[0]?.index ?? log.lastIndex + 1;
    if (first > log.lastIndex + 1 || first < log.firstIndex) {
      this.#broken('trace', words.appendGap(first, log.firstIndex, log.lastIndex));
      return;
    }
    if (role === 'leader' && first <= log.lastIndex) {
      this.#broken('leader append-only', words.replacedOwn(first, log.lastIndex));
    }
    if (first <= commitIndex) {
      this.#broken('committed stays', words.replacedCommitted(first, commitIndex));
    }
    log.truncateFrom(first);
    watched.durableIndex = Math.min(watched.durableIndex, first - 1);
    for (const entry of told.entries) {
      if (entry.index !== log.lastIndex + 1) {
        this.#broken('log order', words.comesAfter(entry, `entry ${log.lastIndex}`));
        return;
      }
      if (entry.term < log.lastTerm) {
        this.#broken('log order', words.comesAfter(entry, `one of term ${log.lastTerm}`));
      }
      const contradiction = this.#known.add(entry, log.lastTerm);
      if (contradiction !== null) {
        this.#broken('log matching', words.twoOfOneName(entry, contradiction));
      }
      log.push(entry.term);
    }
  }

  #judgeDurable(watched: Watched, { index }: Told<'durable'>): void {
    const { log } = watched;
    if (index > log.lastIndex) {
      this.#broken('trace', words.durableBeyondLog(index, log.lastIndex));
      return;
    }
    if (index < watched.durableIndex) {
      this.#broken('durability', words.lessDurable(index, watched.durableIndex));
    }
    watched.durableIndex = index;
    watched.durableTerm = Math.max(watched.durableTerm, log.termAt(index) ?? 0);
  }

  /** A committed entry is on the disks of a majority, and is the only one of its index. */
  #judgeCommit(watched: Watched, { index, term }: Told<'commit'>): void {
    const { log } = watched;
    if (index < watched.commitIndex) {
      this.#broken('commit index', words.wentBack(watched.commitIndex, index));
    }
    if (index > log.lastIndex) {
      this.#broken('commit index', words.beyondLog(index, log.lastIndex));
      return;
    }
    if (index > this.#committed.length) this.#judgeQuorum(watched, index);
    for (let each = watched.commitIndex + 1; each <= index; each++) {
      this.#commit({ index: each, term: log.termAt(each) ?? 0 }, term);
    }
    watched.commitIndex = index;
  }

  #commit(entry: Place, inTerm: number): void {
    const known = this.#committed[entry.index - 1];
    if (known !== undefined && known.term !== entry.term) {
      const other = { index: entry.index, term: known.term };
      this.#broken('state machine safety', words.twoCommitted(other, entry));
      return;
    }
    const lowest = Math.min(inTerm, known?.inTerm ?? inTerm);
    this.#committed[entry.index - 1] = { term: entry.term, inTerm: lowest };
  }

  #judgeQuorum(watched: Watched, index: number): void {
    const { members } = watched;
    if (members === null) return;
    const term = watched.log.termAt(index);
    const holds = (id: string): boolean => {
      const voter = this.#watched.get(id);
      if (voter === undefined || voter.durableIndex < index) return false;
      return index < voter.log.firstIndex || voter.log.termAt(index) === term;
    };
    for (const voters of [members.voters, members.outgoingVoters]) {
      const holders = voters.filter(holds);
      if (voters.length === 0 || 2 * holders.length > voters.length) continue;
      const entry = { index, term: term ?? 0 };
      this.#broken('quorum', words.fewHold(entry, { holders, voters }));
    }
  }

  /** All nodes apply the same entries, each once and in order. [Fig. 3] */
  #judgeApply(watched: Watched, { index, entryTerm }: Told<'apply'>): void {
    if (index !== watched.appliedIndex + 1) {
      this.#broken('apply order', words.appliedAfter(index, watched.appliedIndex));
    }
    if (index > watched.commitIndex) {
      this.#broken('apply order', words.appliedEarly(index, watched.commitIndex));
    }
    const committed = this.#committed[index - 1];
    if (committed !== undefined && committed.term !== entryTerm) {
      const applied = { index, term: entryTerm };
      this.#broken('state machine safety', words.appliedOther(applied, committed.term));
    }
    watched.appliedIndex = index;
  }

  #judgeSnapshot(watched: Watched, { index, term }: Told<'snapshot'>): void {
    if (index > watched.appliedIndex) {
      this.#broken('snapshots', words.snapshotEarly(index, watched.appliedIndex));
    }
    if (index < watched.snapshotIndex) {
      this.#broken('snapshots', words.snapshotOlder(index, watched.snapshotIndex));
    }
    this.#judgeSnapshotTerm({ index, term });
    watched.snapshotIndex = Math.max(watched.snapshotIndex, index);
  }

  /** The log is kept behind a snapshot that it agrees with, and given up otherwise. [Raft §7] */
  #judgeInstall(watched: Watched, { index, term }: Told<'install'>): void {
    const { log, commitIndex } = watched;
    if (index <= watched.appliedIndex) {
      this.#broken('snapshots', words.installedOld(index, watched.appliedIndex));
    }
    this.#judgeSnapshotTerm({ index, term });
    if (log.termAt(index) !== term) {
      log.resetTo({ index, term });
      // Until it is durable a crash may bring the old log back, of which this much stays true.
      watched.durableIndex = Math.min(watched.durableIndex, commitIndex);
    }
    watched.commitIndex = Math.max(commitIndex, index);
    watched.appliedIndex = index;
  }

  #judgeSnapshotTerm({ index, term }: Place): void {
    const committed = this.#committed[index - 1];
    if (committed?.term === term) return;
    const found = words.snapshotOfOther({ index, term }, committed?.term ?? null);
    this.#broken('snapshots', found);
  }

  #judgeHash({ node }: Watched, { index, hash }: Told<'hash'>): void {
    const known = this.#hashes.get(index);
    if (known === undefined) this.#hashes.set(index, { hash, node });
    else if (known.hash !== hash) {
      this.#broken('equal states', words.otherState(index, hash, known));
    }
  }

  #watch(node: string): Watched {
    const known = this.#watched.get(node);
    if (known !== undefined) return known;
    const watched: Watched = {
      node,
      ...{ log: new ToldLog(), vote: new ToldVote() },
      ...{ life: 0, role: 'follower', term: 0, votedFor: null, members: null, claimedEnd: null },
      ...{ commitIndex: 0, appliedIndex: 0, durableIndex: 0, durableTerm: 0, snapshotIndex: 0 },
    };
    this.#watched.set(node, watched);
    return watched;
  }

  #broken(promise: string, what: string): void {
    if (this.#violations.length >= violationsMax) return;
    this.#violations.push(`${promise}: ${what} (${this.#context})`);
  }
}
