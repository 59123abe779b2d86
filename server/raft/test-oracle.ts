/**
 * What must hold between the servers of a TestCluster, whatever happens to them. [Fig. 3]
 *
 * It knows all logs, disks and commits at once, so it sees at the step itself what a client would
 * only see later, or never.
 */
import { isJoint, isQuorumOf, parseConfiguration } from './configuration.ts';
import type { Configuration, ConfigurationAt, Entry, EntryId, NodeId } from './entry.ts';
import type { Message } from './message.ts';
import type { Recovered } from './options.ts';
import type { Input, RaftStatus, Ready, Write } from './ready.ts';
import type { Incarnation, TestNode } from './test-cluster.ts';
import { appliedIn } from './test-disk.ts';
import type { Marks } from './test-marks.ts';
import { Watch } from './test-watch.ts';

export interface Step {
  readonly running: Incarnation;
  readonly input: Input;
  readonly ready: Ready;
}

export class ClusterOracle {
  readonly #nodes: readonly TestNode[];
  readonly #watch: Watch;
  readonly #leaderOfTerm = new Map<number, NodeId>();
  /** By name: what precedes an entry, and what it holds. */
  readonly #entries = new Map<string, string>();
  /** By name: on whose disks an entry is. */
  readonly #holders = new Map<string, Set<NodeId>>();
  /** By index - 1: the entries that any server has ever committed. */
  readonly #committed: Entry[] = [];
  /** Those among them, after the initial one. */
  readonly #configurations: ConfigurationAt[];
  readonly #accepted = new Set<string>();
  /** By id: who was asked, and how much was committed then. */
  readonly #reads = new Map<number, { readonly at: NodeId; readonly committedCount: number }>();
  readonly #transfers = new Map<number, NodeId>();
  releasedReadCount = 0;
  leaderCount = 0;

  constructor(nodes: readonly TestNode[], initial: Configuration, marks: Marks) {
    this.#nodes = nodes;
    this.#configurations = [{ index: 0, configuration: initial }];
    this.#watch = new Watch(marks);
  }

  get committedCount(): number {
    return this.#committed.length;
  }

  /** The newest committed configuration. */
  get configuration(): ConfigurationAt {
    return this.#configurationAt(Number.POSITIVE_INFINITY);
  }

  readAsked(node: TestNode, id: number): void {
    this.#reads.set(id, { at: node.id, committedCount: this.#committed.length });
  }

  transferAsked(node: TestNode, id: number): void {
    this.#transfers.set(id, node.id);
  }

  crashed(node: TestNode): void {
    for (const [id, { at }] of this.#reads) if (at === node.id) this.#reads.delete(id);
    for (const [id, at] of this.#transfers) if (at === node.id) this.#transfers.delete(id);
  }

  /** Everything that was asked must have had its answer. */
  checkNothingWaits(): void {
    check(this.#reads.size === 0, `${this.#reads.size} reads have no answer`);
    check(this.#transfers.size === 0, `${this.#transfers.size} transfers never end`);
  }

  checkStart(node: TestNode, running: Incarnation, recovered: Recovered): void {
    this.#watch.started(node, recovered);
    this.#checkState(node, running);
  }

  /** A message leaves: is what it says on disk? */
  checkPromise(node: TestNode, message: Message, to: NodeId): void {
    this.#watch.sent(node, message, to);
    const { hardState, log, snapshot } = node.disk;
    const durable = Math.max(log.lastIndex, snapshot?.meta.lastIncludedIndex ?? 0);
    const movedOn = (node.running?.raft.status().currentTerm ?? 0) > message.term;
    const confirmed = confirmedBy(message);
    const confirms = `${node.id} confirms ${confirmed}, has ${durable} on disk`;
    check(durable >= confirmed || movedOn, confirms);
    const asks = message.type === 'readIndexRequest';
    const preVotes = 'preVote' in message && message.preVote;
    const known = asks || preVotes || hardState.currentTerm >= message.term;
    check(known, `${node.id} speaks of term ${message.term}, has ${hardState.currentTerm} on disk`);
    const votedFor = voteIn(message, node.id, to);
    if (votedFor === null || hardState.currentTerm > message.term) return;
    check(hardState.votedFor === votedFor, `${node.id} votes in ${message.term}, not on disk`);
  }

  /** Something is durable, and took the place of something. */
  persisted(node: TestNode, write: Write, removed: readonly Entry[]): void {
    const covered = write.snapshot?.lastIncludedIndex ?? 0;
    for (const entry of removed) {
      const holders = this.#holders.get(nameOf(entry)) ?? new Set();
      const committed = this.#committed[entry.index - 1]?.term === entry.term;
      const text = `${node.id} removes ${nameOf(entry)}, which is committed`;
      check(!committed || entry.index <= covered, text);
      const onQuorum = isQuorumOf(this.configuration.configuration, holders);
      if (!committed && onQuorum) this.#watch.marks.add('figure 8: on a quorum and overwritten');
      holders.delete(node.id);
    }
    for (const entry of write.entries) {
      const holders = this.#holders.get(nameOf(entry)) ?? new Set();
      this.#holders.set(nameOf(entry), holders.add(node.id));
    }
  }

  checkStep(node: TestNode, step: Step): void {
    const { running, ready } = step;
    const status = running.raft.status();
    this.#watch.stepped(node, step, status);
    this.#checkLogMatching(node, running, ready);
    this.#checkElection(node, running, status);
    this.#checkChange(node, step, status);
    this.#checkMatches(running, status);
    this.#checkReads(ready);
    for (const { id } of ready.transfers) this.#transfers.delete(id);
    for (const { id } of ready.rejected) this.#transfers.delete(id);
    for (const { entry } of ready.accepted) {
      const name = nameOf(entry);
      check(!this.#accepted.has(name), `two proposals were accepted as ${name}`);
      this.#accepted.add(name);
    }
  }

  /** Before the entries are applied. */
  checkCommitted(node: TestNode, running: Incarnation, ready: Ready): void {
    if (ready.installed !== null) {
      this.#checkState(node, running);
      const { configuration } = running.raft.status();
      const own = equal(configuration, ready.installed.configuration);
      check(own, `${node.id} has another configuration in force than its snapshot`);
    }
    let appliedIndex = running.applied.length;
    for (const entry of ready.committed) {
      const gap = `${node.id} delivers ${entry.index} after ${appliedIndex}`;
      check(entry.index === appliedIndex + 1, gap);
      appliedIndex = entry.index;
      const known = this.#committed[entry.index - 1];
      if (known === undefined) this.#commit(running, entry);
      const text = `state machine safety: ${node.id} commits ${nameOf(entry)}`;
      check((known ?? entry).term === entry.term, `${text}, not ${nameOf(known ?? entry)}`);
    }
    const newest = ready.committed.at(-1);
    const { role, currentTerm } = running.raft.status();
    if (role !== 'leader' || newest === undefined) return;
    check(newest.term === currentTerm, `${node.id} commits ${nameOf(newest)} in ${currentTerm}`);
  }

  #commit(running: Incarnation, entry: Entry): void {
    const { configuration } = running.configuration;
    const holders = this.#nodes.filter(({ disk }) => disk.holds(entry)).map(({ id }) => id);
    const text = `${nameOf(entry)} is committed and on the disks of ${holders.join(',')} only`;
    const voters = `${configuration.voters.join(',')} / ${configuration.outgoingVoters.join(',')}`;
    check(isQuorumOf(configuration, new Set(holders)), `${text}, of ${voters}`);
    if (isJoint(configuration)) this.#watch.marks.add('committed while joint');
    this.#committed.push(entry);
    if (entry.kind !== 'configuration') return;
    this.#configurations.push({
      index: entry.index,
      configuration: parseConfiguration(entry.data),
    });
  }

  /** A state that came from a snapshot is the one that the committed entries make. */
  #checkState(node: TestNode, { applied }: Incarnation): void {
    const wrong = applied.findIndex((name, position) => {
      const entry = this.#committed[position];
      return entry === undefined || nameOf(entry) !== name;
    });
    check(wrong === -1, `${node.id} has ${applied[wrong]} in its state, which is not committed`);
  }

  /** Of a snapshot that a server has taken. */
  checkSnapshot(node: TestNode): void {
    const file = node.running?.ownSnapshot;
    if (!file) return;
    const { lastIncludedIndex, lastIncludedTerm, configuration } = file.meta;
    const entry = this.#committed[lastIncludedIndex - 1];
    check(entry?.term === lastIncludedTerm, `a snapshot up to ${lastIncludedIndex} is of no entry`);
    const right = equal(configuration, this.#configurationAt(lastIncludedIndex));
    const text = `the snapshot of ${node.id} up to ${lastIncludedIndex} has the configuration of`;
    check(right, `${text} ${configuration.index}`);
    check(appliedIn(file).length === lastIncludedIndex, 'a snapshot holds all of its state');
  }

  #configurationAt(index: number): ConfigurationAt {
    const found = this.#configurations.findLast((one) => one.index <= index);
    if (found === undefined) throw new Error('there is no configuration');
    return found;
  }

  /** An entry of one index and term is the same everywhere, and so is what precedes it. */
  #checkLogMatching(node: TestNode, running: Incarnation, ready: Ready): void {
    for (const entry of ready.write?.entries ?? []) {
      const previous = running.log.termAt(entry.index - 1);
      const content = `${previous} ${entry.kind} ${new TextDecoder().decode(entry.data)}`;
      const known = this.#entries.get(nameOf(entry));
      const text = `log matching: ${nameOf(entry)} on ${node.id}`;
      check(known === undefined || known === content, `${text} is ${content}, was ${known}`);
      this.#entries.set(nameOf(entry), content);
    }
  }

  #checkElection(node: TestNode, { log }: Incarnation, { role, currentTerm }: RaftStatus): void {
    if (role !== 'leader') return;
    const other = this.#leaderOfTerm.get(currentTerm);
    const text = `election safety: ${other} and ${node.id} lead term ${currentTerm}`;
    check(other === undefined || other === node.id, text);
    if (other !== undefined) return;
    this.leaderCount += 1;
    this.#leaderOfTerm.set(currentTerm, node.id);
    for (const entry of this.#committed) {
      if (entry.term >= currentTerm || entry.index < log.base.index) continue;
      const missing = `leader completeness: ${node.id} leads ${currentTerm}, lacks`;
      check(log.termAt(entry.index) === entry.term, `${missing} ${nameOf(entry)}`);
    }
  }

  /** A leader changes one thing at a time, and the voters through a joint configuration only. */
  #checkChange(node: TestNode, { running, input, ready }: Step, status: RaftStatus): void {
    if (input.type === 'message' && input.message.type === 'appendEntries') return;
    const appended = ready.write?.entries.filter(({ kind }) => kind === 'configuration') ?? [];
    check(appended.length <= 1, `${node.id} appends ${appended.length} configurations at once`);
    const [entry] = appended;
    if (entry === undefined) return;
    const { index, configuration: old } = running.configuration;
    const open = `${node.id} changes ${index}, which is not committed`;
    check(index <= status.commitIndex && index <= this.committedCount, open);
    const next = parseConfiguration(entry.data);
    const ends = isJoint(old) && !isJoint(next) && same(next.voters, old.voters);
    const begins = !isJoint(old) && isJoint(next) && same(next.outgoingVoters, old.voters);
    const keeps = !isJoint(old) && !isJoint(next) && same(next.voters, old.voters);
    check(ends || begins || keeps, `${node.id} goes from ${textOf(old)} to ${textOf(next)}`);
  }

  /** A leader never believes more of a follower than that one's disk holds. */
  #checkMatches({ log }: Incarnation, { role, currentTerm, followers }: RaftStatus): void {
    if (role !== 'leader') return;
    for (const { id, matchIndex } of followers) {
      const disk = this.#nodes.find((node) => node.id === id)?.disk;
      // One that has moved on may have removed what a deposed leader still counts.
      if (disk === undefined || disk.hardState.currentTerm > currentTerm) continue;
      if (matchIndex <= Math.max(log.base.index, disk.log.base.index)) continue;
      const holds = disk.holds({ index: matchIndex, term: log.termAt(matchIndex) ?? -1 });
      check(holds, `${matchIndex} is not on the disk of ${id}, whose leader counts it`);
    }
  }

  #checkReads(ready: Ready): void {
    for (const { id, readIndex } of ready.reads) {
      const asked = this.#reads.get(id)?.committedCount ?? Number.POSITIVE_INFINITY;
      check(readIndex >= asked, `stale read ${id}: index ${readIndex}, ${asked} when asked`);
      this.#reads.delete(id);
      this.releasedReadCount += 1;
    }
    for (const { id } of ready.rejectedReads) {
      check(this.#reads.delete(id), `read ${id} was answered twice`);
    }
  }
}

function confirmedBy(message: Message): number {
  if (message.type === 'appendEntriesResponse' && message.success) return message.matchIndex;
  const installed = message.type === 'installSnapshotResponse' && message.installed;
  return installed ? message.lastIncludedIndex : 0;
}

function voteIn(message: Message, from: NodeId, to: NodeId): NodeId | null {
  if (message.type === 'requestVote') return message.preVote ? null : from;
  if (message.type !== 'requestVoteResponse') return null;
  return message.voteGranted && !message.preVote ? to : null;
}

function same(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return [...a].sort().join() === [...b].sort().join();
}

function equal(a: ConfigurationAt, b: ConfigurationAt): boolean {
  return a.index === b.index && textOf(a.configuration) === textOf(b.configuration);
}

function textOf({ voters, outgoingVoters, learners }: Configuration): string {
  return `${voters.join(',')}/${outgoingVoters.join(',')}/${learners.join(',')}`;
}

export function nameOf({ index, term }: EntryId): string {
  return `${index}@${term}`;
}

function check(holds: boolean, promise: string): void {
  if (!holds) throw new Error(promise);
}
