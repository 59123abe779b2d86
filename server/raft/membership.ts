/**
 * Changes of the members by joint consensus. [Raft §6] [Ongaro §4.3]
 *
 * A change of the voters goes through a joint configuration; when that is committed, the leader
 * appends the new one. One change at a time, and none before the leader has committed an entry of
 * its own term.
 */
import {
  configurationFault,
  encodeConfiguration,
  isJoint,
  isVoter,
  membersOf,
} from './configuration.ts';
import { type Core, configurationInForce, otherMembers } from './core.ts';
import type { Configuration, NodeId } from './entry.ts';
import { InvariantError } from './invariant-error.ts';
import type { ConfigurationChange, Rejection } from './ready.ts';
import { becomeFollower, reconcileWithConfiguration } from './role.ts';
import { appendAsLeader, broadcastEntries, broadcastHeartbeat } from './sending.ts';
import { sendTimeoutNow } from './transfer.ts';

export function stepChangeConfiguration(core: Core, change: ConfigurationChange): void {
  const reason = rejectionOf(core, change);
  if (reason !== null) {
    core.outbox.rejected.push({ id: change.id, reason });
    return;
  }
  const { voters, learners } = change;
  const old = configurationInForce(core);
  const outgoingVoters = sameMembers(voters, old.voters) ? [] : old.voters;
  const next = { voters, outgoingVoters, learners, addresses: {} };
  const addresses = addressesOf(next, { ...old.addresses, ...change.addresses });
  const entry = appendConfiguration(core, { ...next, addresses });
  core.outbox.accepted.push({ id: change.id, entry });
  broadcastEntries(core);
}

function rejectionOf(core: Core, change: ConfigurationChange): Rejection | null {
  if (core.role !== 'leader') return 'notLeader';
  if (core.transfer !== null) return 'transferring';
  const { index, configuration } = core.configurations.current;
  const expected = change.expectedConfigurationIndex;
  if (expected !== null && expected !== index) return 'configurationMismatch';
  // Without an entry of its own term a leader does not know whether its predecessor's change is
  // committed, and two changes could then have majorities that do not meet. [Ongaro §4.1]
  const settled = core.log.termAt(core.commitIndex) === core.currentTerm;
  if (!settled || index > core.commitIndex || isJoint(configuration)) return 'changeInFlight';
  const { voters, learners, addresses } = change;
  const fault = configurationFault({ voters, learners, outgoingVoters: [], addresses });
  if (fault !== null) return 'badConfiguration';
  const fresh = voters.filter((id) => !isVoter(configuration, id));
  return fresh.every((id) => hasCaughtUp(core, id)) ? null : 'notCaughtUp';
}

/** Else the new quorum may need a server that is still far behind, and nothing commits until it is
 * there. [Ongaro §4.2.1] */
function hasCaughtUp(core: Core, id: NodeId): boolean {
  const progress = core.progress.get(id);
  if (progress === undefined || progress.mode !== 'replicate') return false;
  return core.log.lastIndex - progress.matchIndex <= core.options.promotionLagMax;
}

function appendConfiguration(
  core: Core,
  configuration: Configuration,
): {
  readonly index: number;
  readonly term: number;
} {
  const { index, term } = appendAsLeader(core, 'configuration', encodeConfiguration(configuration));
  if (core.configurations.current.index !== index) {
    const facts = { index, currentIndex: core.configurations.current.index };
    throw new InvariantError('a configuration is in force as soon as it is in the log', facts);
  }
  return { index, term };
}

/**
 * The commit index of a leader has grown. Once the joint configuration is committed, no side can
 * decide without the other, and the new one may take over; once that is committed too, a leader
 * that is not in it has done its work. [Raft §6] [Ongaro §4.2.2]
 */
export function continueChange(core: Core): void {
  const { index, configuration } = core.configurations.current;
  if (core.role !== 'leader' || index > core.commitIndex) return;
  // An earlier term's joint configuration is committed by the no-op of this term at the latest.
  if (isJoint(configuration)) {
    const { voters, learners } = configuration;
    const next = { voters, learners, outgoingVoters: [], addresses: {} };
    appendConfiguration(core, { ...next, addresses: addressesOf(next, configuration.addresses) });
    broadcastEntries(core);
    return;
  }
  // Who leaves is told that it has left; after this it hears nothing more.
  if (core.progress.size > otherMembers(core).length) broadcastHeartbeat(core);
  reconcileWithConfiguration(core);
  if (isVoter(configuration, core.id)) return;
  const successor = furthestVoter(core);
  // So that the others need not wait for an election timeout.
  if (successor !== null) sendTimeoutNow(core, successor);
  becomeFollower(core, core.currentTerm, null);
}

/** The other voter whose log is longest; null when there is none. */
export function furthestVoter(core: Core): NodeId | null {
  let furthest: { readonly id: NodeId; readonly matchIndex: number } | null = null;
  for (const id of configurationInForce(core).voters) {
    const progress = core.progress.get(id);
    if (progress === undefined || !progress.recentlyActive) continue;
    const { matchIndex } = progress;
    if (furthest === null || matchIndex > furthest.matchIndex) furthest = { id, matchIndex };
  }
  return furthest?.id ?? null;
}

function sameMembers(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return a.length === b.length && a.every((id) => b.includes(id));
}

function addressesOf(
  configuration: Configuration,
  known: Configuration['addresses'],
): Configuration['addresses'] {
  const entries = membersOf(configuration).map((id) => {
    return [id, known[id] ?? { peer: '', client: '' }] as const;
  });
  return Object.fromEntries(entries);
}
