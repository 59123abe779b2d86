/**
 * Leadership handed over on purpose. [Ongaro §3.10]
 *
 * The leader takes no proposals meanwhile, brings the target up to date and tells it to stand. It
 * gives up after an election timeout: an unreachable target must not keep the cluster from writing.
 */
import { type Core, configurationInForce, isOwnVoter } from './core.ts';
import type { NodeId } from './entry.ts';
import { InvariantError } from './invariant-error.ts';
import type { TimeoutNow } from './message.ts';
import type { Rejection } from './ready.ts';
import { endTransfer } from './role.ts';
import { maybeSendEntries } from './sending.ts';

export function stepTransfer(core: Core, id: number, target: NodeId | null): void {
  const reason = rejectionOf(core, target);
  if (reason !== null || target === null) {
    core.outbox.rejected.push({ id, reason: reason ?? 'badTarget' });
    return;
  }
  core.transferEpoch += 1;
  core.transfer = { id, to: target, elapsedTicks: 0, toldToStand: false };
  const progress = core.progress.get(target);
  if (progress !== undefined) maybeSendEntries(core, target, progress);
  maybeTellToStand(core);
}

function rejectionOf(core: Core, target: NodeId | null): Rejection | null {
  if (core.role !== 'leader') return 'notLeader';
  if (core.transfer !== null) return 'transferring';
  const { voters } = configurationInForce(core);
  if (target === null || target === core.id || !voters.includes(target)) return 'badTarget';
  return core.progress.has(target) ? null : 'badTarget';
}

/** Once the target has all of the log, so that everybody can vote for it. */
export function maybeTellToStand(core: Core): boolean {
  const { transfer, log } = core;
  if (transfer === null || transfer.toldToStand) return false;
  if (core.progress.get(transfer.to)?.matchIndex !== log.lastIndex) return false;
  transfer.toldToStand = true;
  sendTimeoutNow(core, transfer.to);
  return true;
}

export function sendTimeoutNow(core: Core, to: NodeId): void {
  if (core.role !== 'leader') {
    throw new InvariantError('only a leader hands over', { id: core.id, role: core.role });
  }
  core.outbox.send(to, {
    type: 'timeoutNow',
    term: core.currentTerm,
    leaderId: core.id,
    transferEpoch: core.transferEpoch,
  });
}

/** Time passes for a leader that hands over. */
export function stepTransferTick(core: Core): void {
  const { transfer } = core;
  if (transfer === null) return;
  transfer.elapsedTicks += 1;
  if (transfer.elapsedTicks < core.options.electionTimeoutTicks) return;
  // The epoch moves on and goes out with every heartbeat: a timeoutNow that is still under way
  // must not depose a leader that has decided to stay.
  endTransfer(core, false);
}

/** Whether this server is to stand at once: only at the word of the leader that it follows, and
 * only if that has not changed its mind since. */
export function obeysTimeoutNow(core: Core, message: TimeoutNow): boolean {
  if (message.term !== core.currentTerm || message.leaderId !== core.leaderId) return false;
  if (core.role !== 'follower' || !isOwnVoter(core)) return false;
  return message.transferEpoch >= core.leaderTransferEpoch;
}
