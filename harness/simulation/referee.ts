/**
 * The referee: holds what the nodes tell of themselves against the promises of Raft. [Fig. 3]
 *
 * It reads trace events and nothing else, of all nodes in the order in which they happened, and
 * shares no code with the server that it judges. It never throws: a violation is a sentence.
 */
import type { TraceEvent } from '../../server/trace.ts';
import type { NodeMessage, NodeRead, NodeTraceEvent } from './plan.ts';
import { CommitRules } from './referee-commits.ts';
import { ConfigurationRules } from './referee-configurations.ts';
import { ElectionRules } from './referee-elections.ts';
import { judgeMessage } from './referee-messages.ts';
import { type Told, words } from './referee-words.ts';
import { describeEntry, KnownEntries } from './told-log.ts';
import type { Vote } from './told-vote.ts';
import { type Watched, watchNode } from './watched-node.ts';

export interface RefereeCounts {
  readonly terms: number;
  readonly committed: number;
  /** How often each event was told. */
  readonly events: ReadonlyMap<string, number>;
}

/** More of them say nothing new. */
const violationsMax = 20;

/** What a step may tell after it has appended: how far it has got by it. */
const tellsProgress: ReadonlySet<string> = new Set(['configuration', 'match', 'durable', 'commit']);

export class Referee {
  readonly #violations: string[] = [];
  readonly #watched = new Map<string, Watched>();
  readonly #known = new KnownEntries();
  readonly #commits: CommitRules;
  readonly #leaders = new Map<number, string>();
  readonly #hashes = new Map<number, { readonly hash: string; readonly node: string }>();
  readonly #events = new Map<string, number>();
  readonly #elections = new ElectionRules();
  readonly #configurations = new ConfigurationRules();
  /** Where the event at hand comes from, for the sentences. */
  #context = '';

  constructor() {
    this.#commits = new CommitRules(this.#watched, (promise, what) => this.#broken(promise, what));
  }

  /** Sentences that begin with the promise that was broken; the first ones alone. */
  get violations(): readonly string[] {
    return this.#violations;
  }

  get counts(): RefereeCounts {
    const { size: terms } = this.#leaders;
    return { terms, committed: this.#commits.count, events: this.#events };
  }

  /** The node's disk was taken away: what it had promised is void. */
  forget(node: string): void {
    this.#watched.delete(node);
    this.#elections.forget(node);
    this.#configurations.forget(node);
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
    if (!isOfStatus && told.event !== 'configuration' && told.event !== 'start') {
      this.#judgeOne('configuration in force', this.#judgeInForce(watched));
    }
    if (!tellsProgress.has(told.event)) {
      this.#judgeOne('one change at a time', this.#configurations.judgeChange(node, watched));
    }
    this.#judge(watched, told);
    if (told.event === 'append') this.#judgeClaim(watched);
  }

  #judgeInForce({ node, log }: Watched): string | null {
    return this.#configurations.judgeInForce(node, log, (index) => this.#commits.termAt(index));
  }

  /** A node sends a message. */
  observeMessage({ node, life, timeUs, to, message }: NodeMessage): void {
    const watched = this.#watched.get(node);
    if (watched === undefined || watched.life !== life) return;
    this.#context = `${node}, life ${life}, at ${timeUs / 1000} ms`;
    const sender = {
      ...watched,
      persistedTerm: watched.vote.term,
      hasLed: (term: number) => this.#leaders.get(term) === node,
    };
    const broken = judgeMessage(sender, { to, message }, this.#elections);
    if (broken !== null) this.#broken(...broken);
  }

  /** A client asks a node: whatever is committed by now has to be in the answer. */
  get committedIndex(): number {
    return this.#commits.count;
  }

  /** A read is answered that was asked when so many entries were committed. [Ongaro §6.4] */
  observeRead({ node, life, timeUs, askedAt, appliedIndex }: NodeRead): void {
    this.#context = `${node}, life ${life}, at ${timeUs / 1000} ms`;
    if (appliedIndex < askedAt) this.#broken('reads', words.staleRead(appliedIndex, askedAt));
  }

  #judgeOne(promise: string, what: string | null): void {
    if (what !== null) this.#broken(promise, what);
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
        this.#elections.persisted(watched.node, told);
        watched.durableTerm = Math.max(watched.durableTerm, told.term);
        break;
      case 'append':
        this.#judgeAppend(watched, told);
        break;
      case 'durable':
        this.#judgeDurable(watched, told);
        break;
      case 'commit':
        this.#commits.judgeCommit(watched, told);
        break;
      case 'apply':
        this.#commits.judgeApply(watched, told);
        break;
      case 'configuration':
        watched.members = told.configuration;
        this.#judgeOne(
          'one configuration',
          this.#configurations.judgeContent(watched.node, told.index, told.configuration),
        );
        break;
      case 'match':
        this.#judgeMatch(watched, told);
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
    watched.vote.persist(told);
    this.#elections.persisted(watched.node, told);
    this.#configurations.starts(watched.node, watched.log, (place) => this.#known.kindOf(place));
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
    if (commitIndex < watched.snapshotIndex) {
      const what = words.commitBelowSnapshot(commitIndex, watched.snapshotIndex);
      this.#broken('commit index', what);
    }
    this.#judgeElection(watched, told);
    const beginsToLead = role === 'leader' && !(watched.role === role && watched.term === term);
    watched.role = role;
    watched.term = term;
    watched.votedFor = votedFor;
    if (role !== 'leader') return;
    // It asked for votes, which it may do only once its term and vote are durable.
    watched.durableTerm = Math.max(watched.durableTerm, term);
    if (beginsToLead) this.#judgeLeader(watched);
  }

  /** Before the change is taken over. */
  #judgeElection(watched: Watched, told: Told<'status'>): void {
    const { node, vote } = watched;
    const { role, term, votedFor, leaderId, lastLogIndex, lastLogTerm } = told;
    const last = { index: lastLogIndex, term: lastLogTerm };
    if (role === 'candidate') this.#elections.stands(node, term, last);
    const isNew = votedFor !== null && !(term === watched.term && votedFor === watched.votedFor);
    if (isNew && votedFor !== node && !vote.holds({ term, votedFor })) {
      this.#judgeOne('vote rule', this.#elections.judgeVote({ term, votedFor }, last));
    }
    if (leaderId === null) return;
    this.#judgeOne('election safety', this.#elections.judgeFollowed(node, term, leaderId));
  }

  /** What a leader counts of another is there, as far as that one is not in a later term. */
  #judgeMatch(watched: Watched, { peer, index }: Told<'match'>): void {
    const other = this.#watched.get(peer);
    if (other === undefined || other.term > watched.term) return;
    // What a snapshot has taken the place of meanwhile was there before it.
    if (index > other.durableIndex && index >= other.log.firstIndex) {
      this.#broken('match index', words.matchBeyond(peer, index, other.durableIndex));
      return;
    }
    const [own, there] = [watched.log.termAt(index), other.log.termAt(index)];
    if (own === null || there === null || own === there) return;
    this.#broken('match index', words.matchOther(peer, { index, term: own }, there));
  }

  /** Election safety, and leader completeness. [Fig. 3] */
  #judgeLeader(watched: Watched): void {
    const { node, term, log, members } = watched;
    if (members !== null) {
      this.#judgeOne('elected', this.#elections.judgeLeader(node, term, members));
    }
    const other = this.#leaders.get(term);
    if (other !== undefined) {
      this.#broken('election safety', words.twoLeaders(term, node, other));
    }
    this.#leaders.set(term, node);
    const missing = this.#commits.missingOf(watched);
    if (missing === null) return;
    const there = log.termAt(missing.index);
    this.#broken('leader completeness', words.leaderLacks(missing, term, there));
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
    this.#commits.judgeReplaced(watched, first);
    if (role === 'leader') this.#configurations.changes(watched.node, told.entries);
    this.#configurations.appends(watched.node, told.entries);
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
      if (role === 'leader' && entry.term !== watched.term) {
        this.#broken('leader appends', words.otherTerm(entry, watched.term));
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

  #judgeSnapshot(watched: Watched, { index, term }: Told<'snapshot'>): void {
    if (index > watched.appliedIndex) {
      this.#broken('snapshots', words.snapshotEarly(index, watched.appliedIndex));
    }
    if (index < watched.snapshotIndex) {
      this.#broken('snapshots', words.snapshotOlder(index, watched.snapshotIndex));
    }
    this.#commits.judgeSnapshotTerm({ index, term });
    watched.snapshotIndex = Math.max(watched.snapshotIndex, index);
  }

  /** The log is kept behind a snapshot that it agrees with, and given up otherwise. [Raft §7] */
  #judgeInstall(watched: Watched, { index, term }: Told<'install'>): void {
    const { log, commitIndex } = watched;
    if (index <= watched.appliedIndex) {
      this.#broken('snapshots', words.installedOld(index, watched.appliedIndex));
    }
    this.#commits.judgeSnapshotTerm({ index, term });
    if (log.termAt(index) !== term) {
      log.resetTo({ index, term });
      this.#configurations.reset(watched.node);
      // Until it is durable a crash may bring the old log back, of which this much stays true.
      watched.durableIndex = Math.min(watched.durableIndex, commitIndex);
    }
    watched.commitIndex = Math.max(commitIndex, index);
    watched.appliedIndex = index;
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
    const watched = watchNode(node);
    this.#watched.set(node, watched);
    return watched;
  }

  #broken(promise: string, what: string): void {
    if (this.#violations.length >= violationsMax) return;
    this.#violations.push(`${promise}: ${what} (${this.#context})`);
  }
}
