/**
 * What must hold between the servers of a TestCluster, whatever happens to them. [Fig. 3]
 *
 * It knows all logs, disks and commits at once, so it sees at the step itself what a client would
 * only see later, or never.
 */
import type { Entry, NodeId } from './entry.ts';
import type { Message } from './message.ts';
import { isQuorum } from './quorum.ts';
import type { Ready } from './ready.ts';
import type { Incarnation, TestNode } from './test-cluster.ts';

export class ClusterOracle {
  readonly #nodes: readonly TestNode[];
  readonly #leaderOfTerm = new Map<number, NodeId>();
  /** By name: what precedes an entry, and what it holds. */
  readonly #entries = new Map<string, string>();
  /** By index - 1: the entries that any server has ever committed. */
  readonly #committed: Entry[] = [];
  /** By read id: how much was committed when it was asked. */
  readonly #committedAtAsking = new Map<number, number>();
  readonly #accepted = new Map<string, number>();
  releasedReadCount = 0;
  leaderCount = 0;

  constructor(nodes: readonly TestNode[]) {
    this.#nodes = nodes;
  }

  get committedCount(): number {
    return this.#committed.length;
  }

  readAsked(id: number): void {
    this.#committedAtAsking.set(id, this.#committed.length);
  }

  /** A message leaves: is what it says on disk? */
  checkPromise(node: TestNode, message: Message, to: NodeId): void {
    const { hardState, entries } = node.disk;
    if (message.type === 'appendEntriesResponse' && message.success) {
      const movedOn = (node.running?.raft.status().currentTerm ?? 0) > message.term;
      const durable = entries.length >= message.matchIndex || movedOn;
      check(durable, `${node.id} confirms ${message.matchIndex}, has ${entries.length} on disk`);
    }
    const promised =
      message.type === 'requestVoteResponse' && message.voteGranted && !message.preVote ? to : null;
    const own = message.type === 'requestVote' && !message.preVote ? node.id : null;
    const votedFor = promised ?? own;
    if (votedFor === null) return;
    const { currentTerm } = hardState;
    const kept = currentTerm === message.term && hardState.votedFor === votedFor;
    check(kept || currentTerm > message.term, `${node.id} votes in ${message.term}, not on disk`);
  }

  checkStep(node: TestNode, running: Incarnation, ready: Ready): void {
    this.#checkLogMatching(node, running, ready);
    this.#checkElection(node, running, ready);
    this.#checkCommitted(node, running, ready);
    for (const { id, readIndex } of ready.reads) {
      const asked = this.#committedAtAsking.get(id) ?? Number.POSITIVE_INFINITY;
      check(readIndex >= asked, `stale read ${id}: index ${readIndex}, ${asked} when asked`);
      this.releasedReadCount += 1;
    }
    for (const { id, entry } of ready.accepted) {
      const name = nameOf(entry);
      check(!this.#accepted.has(name), `two proposals were accepted as ${name}`);
      this.#accepted.set(name, id);
    }
  }

  /** An entry of one index and term is the same everywhere, and so is what precedes it. */
  #checkLogMatching(node: TestNode, running: Incarnation, ready: Ready): void {
    for (const entry of ready.write?.entries ?? []) {
      const previous = running.log[entry.index - 2]?.term ?? 0;
      const content = `${previous} ${entry.kind} ${new TextDecoder().decode(entry.data)}`;
      const known = this.#entries.get(nameOf(entry));
      const text = `log matching: ${nameOf(entry)} on ${node.id}`;
      check(known === undefined || known === content, `${text} is ${content}, was ${known}`);
      this.#entries.set(nameOf(entry), content);
    }
  }

  #checkElection(node: TestNode, running: Incarnation, ready: Ready): void {
    if (!ready.statusChanged) return;
    const { role, currentTerm } = running.raft.status();
    if (role !== 'leader') return;
    const other = this.#leaderOfTerm.get(currentTerm);
    const text = `election safety: ${other} and ${node.id} lead term ${currentTerm}`;
    check(other === undefined || other === node.id, text);
    if (other === undefined) this.leaderCount += 1;
    this.#leaderOfTerm.set(currentTerm, node.id);
    for (const entry of this.#committed) {
      if (entry.term >= currentTerm) continue;
      const held = running.log[entry.index - 1];
      const missing = `leader completeness: ${node.id} leads ${currentTerm}, lacks`;
      check(held?.term === entry.term, `${missing} ${nameOf(entry)}`);
    }
  }

  #checkCommitted(node: TestNode, running: Incarnation, ready: Ready): void {
    for (const entry of ready.committed) {
      const gap = `${node.id} delivers ${entry.index} after ${running.deliveredIndex}`;
      check(entry.index === running.deliveredIndex + 1, gap);
      running.deliveredIndex = entry.index;
      const known = this.#committed[entry.index - 1];
      if (known === undefined) {
        this.#checkDurableOnQuorum(entry);
        this.#committed.push(entry);
      } else {
        const text = `state machine safety: ${node.id} commits ${nameOf(entry)}`;
        check(known.term === entry.term, `${text}, not ${nameOf(known)}`);
      }
    }
  }

  #checkDurableOnQuorum(entry: Entry): void {
    const holders = this.#nodes.filter(
      ({ disk }) => disk.entries[entry.index - 1]?.term === entry.term,
    );
    const text = `${nameOf(entry)} is committed and on ${holders.length} disks only`;
    check(isQuorum(holders.length, this.#nodes.length), text);
  }
}

function nameOf({ index, term }: { readonly index: number; readonly term: number }): string {
  return `${index}@${term}`;
}

function check(holds: boolean, text: string): void {
  if (!holds) throw new Error(text);
}
