/**
 * What operators ask for and when they are answered: changes of members, transfers, snapshots.
 *
 * A change is answered when the configuration that it leads to is committed and applied here, or
 * when it is certain that it never will be, or when this node has lost sight of it.
 */
import { createErrorReply, type ErrorReply } from './errors.ts';
import type { Host } from './host.ts';
import { isJoint, membersOf, parseConfiguration } from './raft/configuration.ts';
import type { Configuration, Entry, EntryId, NodeId } from './raft/entry.ts';
import type { ConfigurationChange, Rejection, TransferEnd } from './raft/ready.ts';
import type { RaftDriver } from './raft-driver.ts';
import type { AdminCommand, AdminReply } from './server-node.ts';

export type AdminReplyTo = (reply: AdminReply) => void;

type MemberCommand = Extract<AdminCommand, { readonly type: 'add' | 'promote' | 'remove' }>;

/** What the members shall be, or why that makes no sense. */
export function changeOf(
  command: MemberCommand,
  now: Configuration,
): Omit<ConfigurationChange, 'id'> | ErrorReply {
  const { id } = command;
  const { voters, learners } = now;
  const others = (ids: readonly string[]): readonly string[] => ids.filter((one) => one !== id);
  const known = membersOf(now).includes(id);
  const base = { expectedConfigurationIndex: command.expected, voters, learners, addresses: {} };
  switch (command.type) {
    case 'add': {
      if (known) return createErrorReply('ERR', `${id} is a member already`);
      const address = { peer: command.peerAddress, client: command.clientAddress };
      return { ...base, learners: [...learners, id], addresses: { [id]: address } };
    }
    case 'promote':
      if (!learners.includes(id)) return createErrorReply('ERR', `${id} is not a learner`);
      return { ...base, voters: [...voters, id], learners: others(learners) };
    case 'remove':
      if (!known) return createErrorReply('ERR', `${id} is not a member`);
      if (others(voters).length === 0) {
        return createErrorReply('ERR', `${id} is the last voter, and somebody must vote`);
      }
      return { ...base, voters: others(voters), learners: others(learners) };
  }
}

const rejectionTexts: Readonly<Record<Exclude<Rejection, 'notLeader'>, ErrorReply>> = {
  transferring: createErrorReply('BUSY', 'leadership is being handed over, try again'),
  overloaded: createErrorReply('OVERLOADED', 'too much waits to be committed'),
  changeInFlight: createErrorReply('BUSY', 'an earlier change or this term is not settled yet'),
  configurationMismatch: createErrorReply('MISMATCH', 'the configuration has another id by now'),
  notCaughtUp: createErrorReply('LAGGING', 'it does not have the log yet, try again'),
  badConfiguration: createErrorReply('ERR', 'that is no configuration: a name is missing or twice'),
  badTarget: createErrorReply('ERR', 'leadership goes only to another voter that can be reached'),
};

const transferTexts: Readonly<Record<Exclude<TransferEnd, 'deposed'>, ErrorReply>> = {
  givenUp: createErrorReply('BUSY', 'the target did not catch up in time; this node leads'),
  unanswered: createErrorReply('UNCERTAIN', 'the target was told to stand, and may still do so'),
};

/** Where the leader is, for who asked another node; null: unknown. */
export function describeLeader(leaderId: NodeId | null, address: string | null): ErrorReply {
  if (leaderId === null) {
    return createErrorReply('NOLEADER', 'no leader takes commands here, try again later');
  }
  if (address !== null) return createErrorReply('MOVED', `0 ${address}`);
  const why = `${leaderId} leads, and nobody told this node where clients reach it`;
  return createErrorReply('NOLEADER', `${why} (--client-address)`);
}

/** Definite. `refusal` says where the leader is. */
export function describeRejection(reason: Rejection, refusal: () => ErrorReply): ErrorReply {
  return reason === 'notLeader' ? refusal() : rejectionTexts[reason];
}

interface Change {
  readonly entry: EntryId;
  readonly reply: AdminReplyTo;
  /** Its own entry is applied, and it was a joint one: the next that is not, ends it. */
  joint: boolean;
}

export class PendingAdmin {
  /** Given to the core, which has not said anything yet. */
  readonly #offered = new Map<number, AdminReplyTo>();
  #changes: Change[] = [];

  get count(): number {
    return this.#offered.size + this.#changes.length;
  }

  get hasChanges(): boolean {
    return this.#changes.length > 0;
  }

  offer(id: number, reply: AdminReplyTo): void {
    this.#offered.set(id, reply);
  }

  has(id: number): boolean {
    return this.#offered.has(id);
  }

  accept(id: number, entry: EntryId): void {
    this.#changes.push({ entry, reply: this.#take(id), joint: false });
  }

  reject(id: number, error: ErrorReply): void {
    this.#take(id)(error);
  }

  transferEnded(id: number, end: TransferEnd): void {
    this.#take(id)(end === 'deposed' ? { type: 'ok' } : transferTexts[end]);
  }

  /** An entry is applied. Two entries of one index cannot both be: that settles a change. */
  applied(entry: Entry, refusal: () => ErrorReply): void {
    if (this.#changes.length === 0) return;
    const configuration = entry.kind === 'configuration' ? parseConfiguration(entry.data) : null;
    const settled = configuration !== null && !isJoint(configuration);
    const waiting: Change[] = [];
    for (const change of this.#changes) {
      const own = change.entry.index === entry.index;
      const lost = own
        ? change.entry.term !== entry.term
        : change.entry.term < entry.term && change.entry.index > entry.index;
      if (lost && !change.joint) change.reply(refusal());
      else if (settled && (own || change.joint)) {
        change.reply({ type: 'configuration', id: entry.index });
      } else waiting.push(own ? { ...change, joint: true } : change);
    }
    this.#changes = waiting;
  }

  /** This node has lost sight of them. */
  abandonChanges(error: ErrorReply): void {
    const changes = this.#changes;
    this.#changes = [];
    for (const { reply } of changes) reply(error);
  }

  abandonAll(error: ErrorReply): void {
    const offered = [...this.#offered.values()];
    this.#offered.clear();
    for (const reply of offered) reply(error);
    this.abandonChanges(error);
  }

  #take(id: number): AdminReplyTo {
    const reply = this.#offered.get(id);
    this.#offered.delete(id);
    return reply ?? (() => undefined);
  }
}

interface AskedAlone {
  readonly command: Extract<AdminCommand, { readonly type: 'hash' | 'snapshot' | 'crashAt' }>;
  readonly reply: AdminReplyTo;
}

/** What a node does by itself, whoever leads. */
export function administerAlone(
  { crashPoints }: Host,
  driver: RaftDriver,
  { command, reply }: AskedAlone,
): void {
  switch (command.type) {
    case 'hash':
      reply({ type: 'hash', ...driver.hash() });
      return;
    case 'snapshot':
      takeSnapshotFor(driver, reply);
      return;
    case 'crashAt':
      if (crashPoints.arm === undefined) {
        reply(createErrorReply('ERR', 'this node was not started with --allow-crash-points'));
        return;
      }
      // In this order: the answer may pass the point.
      reply({ type: 'ok' });
      crashPoints.arm(command.at);
  }
}

/** Answers when the snapshot is durable; at once when there is one of this very state. */
function takeSnapshotFor(driver: RaftDriver, reply: AdminReplyTo): void {
  const { raft, applier, snapshots } = driver;
  const { snapshotIndex } = raft.status();
  if (snapshotIndex === applier.appliedIndex) {
    reply({ type: 'snapshot', lastIncludedIndex: snapshotIndex });
    return;
  }
  if (snapshots.taking || applier.installing) {
    reply(createErrorReply('BUSY', 'a snapshot is being written or installed, try again'));
    return;
  }
  if (!driver.knowsMembers) {
    reply(createErrorReply('BUSY', 'this node has joined and knows no members yet, try again'));
    return;
  }
  driver.takeSnapshot();
  snapshots.whenTaken((lastIncludedIndex) => {
    const overtaken = createErrorReply('BUSY', 'a snapshot of the leader came first');
    reply(lastIncludedIndex === null ? overtaken : { type: 'snapshot', lastIncludedIndex });
  });
}
