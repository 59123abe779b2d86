/**
 * What must hold after every step, and what a step may never do: cheap enough for production.
 *
 * It looks at one server only. What holds between servers (election safety, log matching, leader
 * completeness, state machine safety [Fig. 3]) is checked by the cluster test and the simulation.
 */
import { parseConfiguration, sameConfiguration } from './configuration.ts';
import { type Core, mayStand, otherMembers } from './core.ts';
import type { Configuration, ConfigurationAt, Entry, NodeId, Role } from './entry.ts';
import { InvariantError, type InvariantFacts } from './invariant-error.ts';

/** What a later state is compared with. */
export interface Landmarks {
  readonly currentTerm: number;
  readonly votedFor: NodeId | null;
  readonly role: Role;
  readonly leaderId: NodeId | null;
  readonly commitIndex: number;
  readonly commitTerm: number;
  readonly lastLogIndex: number;
  readonly lastLogTerm: number;
  readonly configuration: ConfigurationAt;
  readonly snapshotIndex: number;
}

export function landmarksOf(core: Core): Landmarks {
  return {
    currentTerm: core.currentTerm,
    votedFor: core.votedFor,
    role: core.role,
    leaderId: core.leaderId,
    commitIndex: core.commitIndex,
    commitTerm: core.log.termAt(core.commitIndex),
    lastLogIndex: core.log.lastIndex,
    lastLogTerm: core.log.lastTerm,
    configuration: core.configurations.current,
    snapshotIndex: core.snapshot?.lastIncludedIndex ?? 0,
  };
}

/** Throws InvariantError. */
export function checkState(core: Core): void {
  const { log, durability } = core;
  const at = { core };
  assert(core.commitIndex <= log.lastIndex, 'what is committed is in the log', at);
  assert(log.lastTerm <= core.currentTerm, 'no entry is of a later term', at);
  assert(durability.durableIndex <= log.lastIndex, 'what is durable is in the log', at);
  assert(core.role !== 'candidate' || core.votedFor === core.id, 'a candidate votes', at);
  const leads = core.role === 'leader';
  assert(leads === (core.leaderId === core.id), 'a leader, and only it, follows itself', at);
  assert(!leads || core.votedFor === core.id, 'a leader has voted for itself', at);
  const readCount = core.reads.unconfirmed.length + core.reads.waiting.length;
  assert(leads || readCount === 0, 'only a leader owes reads', at);
  const stands = mayStand(core);
  assert(stands || leads || core.role === 'learner', 'a learner does not stand', at);
  assert(!stands || core.role !== 'learner', 'who may stand is no learner', at);
  assert(leads || core.transfer === null, 'only a leader hands leadership over', at);
  const snapshotIndex = core.snapshot?.lastIncludedIndex ?? 0;
  assert(snapshotIndex <= core.commitIndex, 'a snapshot holds what is committed only', at);
  assert(log.base.index <= snapshotIndex, 'what is compacted is in a snapshot', at);
  assert(core.uncommittedBytes >= 0, 'no more is committed than was appended', at);
  checkProgress(core);
}

function checkProgress(core: Core): void {
  const at = { core };
  const leads = core.role === 'leader';
  const peerCount = leads ? otherMembers(core).length : 0;
  assert(core.progress.size === peerCount, 'a leader, and only it, knows its peers', at);
  for (const [peer, progress] of core.progress) {
    const { matchIndex, nextIndex, mode } = progress;
    const inOrder = matchIndex < nextIndex && nextIndex <= core.log.lastIndex + 1;
    const sends = (mode === 'snapshot') === (progress.snapshot !== null);
    if (inOrder && sends) continue;
    const facts = { ...factsOf(at), peer, matchIndex, nextIndex, mode };
    throw new InvariantError('matchIndex < nextIndex <= lastLogIndex + 1', facts);
  }
}

/** Throws InvariantError. Walks the whole log: what it does for each entry must cost little. */
export function checkDeeply(core: Core): void {
  const { log, configurations } = core;
  const at = { core };
  const { firstIndex, lastIndex } = log;
  let { term } = log.base;
  let newest: Entry | null = null;
  for (let index = firstIndex; index <= lastIndex; index += 1) {
    const entry = log.entryAt(index);
    if (entry.index !== index) assert(false, 'an entry stands at its index', at);
    if (entry.term < term) assert(false, 'terms never fall along a log', at);
    term = entry.term;
    if (entry.kind === 'configuration') newest = entry;
  }
  const inForce = configurations.current;
  if (newest === null) {
    assert(
      inForce.index < log.firstIndex,
      'a configuration in force is in the log or before it',
      at,
    );
    return;
  }
  const same =
    newest.index === inForce.index &&
    sameConfiguration(configurationIn(newest), inForce.configuration);
  assert(same, 'the configuration in force is the newest in the log [Raft §6]', at);
}

/** An entry never changes; while it is the newest configuration every step asks for it. */
const parsed = new WeakMap<Entry, Configuration>();

function configurationIn(entry: Entry): Configuration {
  const known = parsed.get(entry);
  if (known !== undefined) return known;
  const configuration = parseConfiguration(entry.data);
  parsed.set(entry, configuration);
  return configuration;
}

/** Throws InvariantError. */
export function checkTransition(before: Landmarks, core: Core): void {
  const { log } = core;
  const at = { core, before };
  assert(core.currentTerm >= before.currentTerm, 'terms never fall', at);
  assert(core.commitIndex >= before.commitIndex, 'the commit index never falls', at);
  const compacted = before.commitIndex < log.base.index;
  const kept = compacted || log.termAt(before.commitIndex) === before.commitTerm;
  assert(kept, 'a committed entry is never replaced', at);
  const snapshotIndex = core.snapshot?.lastIncludedIndex ?? 0;
  assert(snapshotIndex >= before.snapshotIndex, 'snapshots only get newer', at);
  const wasLeader = before.role === 'leader';
  assert(!wasLeader || core.role !== 'candidate', 'a leader does not stand', at);
  if (core.currentTerm !== before.currentTerm) return;
  const oneVote = before.votedFor === null || core.votedFor === before.votedFor;
  assert(oneVote, 'one vote in a term', at);
  const hadLeader = before.leaderId !== null && core.leaderId !== null;
  assert(!hadLeader || core.leaderId === before.leaderId, 'one leader in a term', at);
  const appended =
    !wasLeader ||
    (log.lastIndex >= before.lastLogIndex &&
      log.termAt(before.lastLogIndex) === before.lastLogTerm);
  assert(appended, 'a leader only appends [Raft §5.3]', at);
  const won = core.role === 'leader' && !wasLeader;
  assert(!won || before.role === 'candidate', 'only a candidate becomes a leader', at);
}

interface Circumstances {
  readonly core: Core;
  readonly before?: Landmarks;
}

function assert(holds: boolean, promise: string, at: Circumstances): void {
  if (!holds) throw new InvariantError(promise, factsOf(at));
}

function factsOf({ core, before }: Circumstances): InvariantFacts {
  const { configuration: old, ...numbers } = before ?? { configuration: null };
  const earlier = Object.entries({ ...numbers, configurationIndex: old?.index ?? null });
  return {
    id: core.id,
    role: core.role,
    currentTerm: core.currentTerm,
    votedFor: core.votedFor,
    leaderId: core.leaderId,
    commitIndex: core.commitIndex,
    durableIndex: core.durability.durableIndex,
    baseIndex: core.log.base.index,
    snapshotIndex: core.snapshot?.lastIncludedIndex ?? 0,
    lastLogIndex: core.log.lastIndex,
    lastLogTerm: core.log.lastTerm,
    configurationIndex: core.configurations.current.index,
    voters: core.configurations.current.configuration.voters.join(','),
    outgoingVoters: core.configurations.current.configuration.outgoingVoters.join(','),
    uncommittedBytes: core.uncommittedBytes,
    progressCount: core.progress.size,
    unconfirmedReadCount: core.reads.unconfirmed.length,
    waitingReadCount: core.reads.waiting.length,
    ...(before === undefined
      ? {}
      : Object.fromEntries(earlier.map(([name, value]) => [`before.${name}`, value]))),
  };
}
