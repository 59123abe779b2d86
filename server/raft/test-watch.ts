/**
 * Watches a TestCluster for the rare things that its test is there for, and counts them.
 */
import { isJoint, isVoter } from './configuration.ts';
import type { NodeId } from './entry.ts';
import type { Message } from './message.ts';
import type { Recovered } from './options.ts';
import type { RaftStatus } from './ready.ts';
import type { TestNode } from './test-cluster.ts';
import type { Marks } from './test-marks.ts';
import type { Step } from './test-oracle.ts';

export class Watch {
  readonly marks: Marks;
  readonly #before = new Map<NodeId, RaftStatus>();
  /** By leader and follower: how their replication is called now. */
  readonly #replications = new Map<string, number>();

  constructor(marks: Marks) {
    this.marks = marks;
  }

  started(node: TestNode, { snapshot, base, entries }: Recovered): void {
    this.#before.delete(node.id);
    if (snapshot === null) return;
    const { lastIncludedIndex } = snapshot;
    if (entries.length === 0) this.marks.add('restart from a snapshot alone');
    else if (base.index < lastIncludedIndex) this.marks.add('restart with trailing entries');
    if (base.index + entries.length > lastIncludedIndex) this.marks.add('restart with a tail');
  }

  sent(node: TestNode, message: Message, to: NodeId): void {
    if (message.type !== 'appendEntries') return;
    this.#replications.set(`${node.id}>${to}`, message.replicationId);
  }

  stepped(node: TestNode, step: Step, status: RaftStatus): void {
    const before = this.#before.get(node.id);
    this.#before.set(node.id, status);
    this.#answered(step, status);
    if (before === undefined) return;
    this.#message(node, step, { before, status });
    this.#role(before, status);
    this.#configuration(step, { before, status });
  }

  #answered({ ready }: Step, { role }: RaftStatus): void {
    for (const { reason } of ready.rejected) this.marks.add(`rejected: ${reason}`);
    for (const { end } of ready.transfers) {
      this.marks.add(end === 'deposed' ? 'transfer: is over' : 'transfer: given up');
    }
    if (ready.reads.length > 0) this.marks.add(`read on a ${role}`);
  }

  #message(node: TestNode, { input, ready }: Step, { before, status }: Change): void {
    if (input.type === 'snapshotReceived') {
      this.marks.add(ready.installed === null ? 'snapshot came too late' : 'snapshot installed');
    }
    if (input.type !== 'message') return;
    const { from, message } = input;
    const { currentTerm } = before;
    if (message.type === 'timeoutNow' && message.term === currentTerm) {
      const stands = status.role === 'candidate';
      if (stands) this.marks.add('transfer: stands');
      else if (before.leaderId === from) this.marks.add('transfer: void timeoutNow');
    }
    if (message.type === 'appendEntries' && message.term >= currentTerm) {
      const compacted = message.prevLogIndex < before.firstLogIndex - 1;
      if (compacted) this.marks.add('appendEntries from before the compaction');
    }
    if ('installed' in message || message.type === 'appendEntriesResponse') {
      const known = this.#replications.get(`${node.id}>${from}`);
      const late = before.role === 'leader' && message.term === currentTerm;
      if (late && known !== message.replicationId) this.marks.add('late answer of a replication');
    }
    if (message.type === 'readIndexResponse') {
      const counts = ready.reads.length + ready.rejectedReads.length > 0;
      if (!counts) this.marks.add('late answer to a read');
    }
  }

  #role(before: RaftStatus, status: RaftStatus): void {
    const { configuration } = status.configuration;
    if (status.role === 'leader' && before.role !== 'leader') {
      if (isJoint(configuration)) this.marks.add('elected while joint');
      if (!isVoter(configuration, status.id)) this.marks.add('elected outside the configuration');
    }
    if (before.role !== 'leader' || status.role === 'leader') return;
    if (before.currentTerm !== status.currentTerm) return;
    const removed = !isVoter(configuration, status.id);
    this.marks.add(removed ? 'leader was removed' : 'leader lost its quorum');
  }

  #configuration({ ready }: Step, { before, status }: Change): void {
    const uncommitted = before.configuration.index > before.commitIndex;
    const { installed } = ready;
    if (installed !== null && before.lastLogIndex > installed.lastIncludedIndex) {
      this.marks.add('snapshot installed over a longer log');
    }
    if (installed !== null && uncommitted) {
      this.marks.add('snapshot installed over an uncommitted configuration');
    }
    if (installed !== null || status.configuration.index >= before.configuration.index) return;
    this.marks.add('configuration taken back');
  }
}

interface Change {
  readonly before: RaftStatus;
  readonly status: RaftStatus;
}
