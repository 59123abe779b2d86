/**
 * What a node finds on its disk at a start, put together: identity, snapshot, log, and the state.
 *
 * Synchronous; only the repair, which makes durable what was read, takes callbacks. It refuses
 * whatever it cannot explain: a node that goes on with less than it had promised loses writes.
 */
import type { Host } from './host.ts';
import { defaultSessionLimits, type SessionLimits } from './kv/sessions.ts';
import { StateMachine } from './kv/state-machine.ts';
import type { NodeSizes } from './node-options.ts';
import type { Configuration, EntryId, SnapshotMeta } from './raft/entry.ts';
import type { Recovered } from './raft/options.ts';
import type { Disk, Done } from './storage/disk.ts';
import { runInOrder } from './storage/disk-steps.ts';
import { type RecoveredIdentity, recoverIdentity } from './storage/identity.ts';
import { IdentityError } from './storage/identity-format.ts';
import { recoverSnapshots, type SnapshotStore } from './storage/snapshot-store.ts';
import type { Wal } from './storage/wal.ts';
import { recoverWal } from './storage/wal-recovery.ts';
import { parseSegmentFile } from './storage/wal-segment.ts';

export interface RecoveryOptions {
  readonly id: string;
  readonly clusterId: string;
  readonly initialConfiguration: Configuration;
  readonly segmentBytes: number;
  readonly sizes?: Pick<NodeSizes, 'sessions'>;
  /** The disk failed later on, while a peer was being remembered. */
  readonly failed: (error: Error) => void;
}

export interface RecoveredNode {
  readonly identity: RecoveredIdentity;
  readonly raft: Recovered;
  readonly stateMachine: StateMachine;
  readonly snapshots: SnapshotStore;
  readonly wal: Wal;
  /** Bytes behind the last good record, which the repair cuts off. */
  readonly tornBytes: number;
  /** Nothing may be promised before it is done. */
  repair(done: Done): void;
}

/** Throws DiskError, IdentityError, SnapshotCorruptionError, WalCorruptionError. */
export function recoverNode(host: Host, options: RecoveryOptions): RecoveredNode {
  const { disk, random, crashPoints } = host;
  const { id: nodeId, clusterId, initialConfiguration, segmentBytes, failed } = options;
  const asked = { clusterId, nodeId, initialConfiguration };
  const identity = recoverIdentity(disk, { ...asked, random, crashPoints, failed });
  checkLogIsThere(disk, identity);
  const { store: snapshots, repair: repairSnapshots } = recoverSnapshots(host);
  const snapshot = snapshots.current?.meta ?? null;
  const stateMachine = loadState(snapshots, snapshot, {
    ...defaultSessionLimits,
    ...options.sizes?.sessions,
  });
  const wal = recoverWal(disk, {
    random,
    crashPoints,
    segmentBytes,
    snapshot: snapshot === null ? null : lastIncluded(snapshot),
  });
  const { hardState, base, entries, tornBytes } = wal;
  return {
    identity,
    raft: { hardState, snapshot, base, entries },
    stateMachine,
    snapshots,
    wal: wal.wal,
    tornBytes,
    repair: (done) => {
      const steps = [
        (stepDone: Done) => identity.repair(stepDone),
        (stepDone: Done) => repairSnapshots(stepDone),
        (stepDone: Done) => wal.repair(stepDone),
      ];
      runInOrder(steps, done);
    },
  };
}

/** No peer is let in before there is a log: a node that has met one and has no log has lost it, and
 * with it its votes. (One that is alone in its cluster has met nobody, and cannot be told so.) */
function checkLogIsThere(disk: Disk, identity: RecoveredIdentity): void {
  if (identity.knownPeers().length === 0) return;
  if (disk.list().some((file) => parseSegmentFile(file) !== null)) return;
  throw new IdentityError(
    'the data directory has an identity that has met other nodes, and no log: the files "wal-*" ' +
      'were lost; restore the whole directory from a copy, or remove this node from the cluster ' +
      'and add it under a new id with an empty data directory',
  );
}

function loadState(
  snapshots: SnapshotStore,
  snapshot: SnapshotMeta | null,
  limits: SessionLimits,
): StateMachine {
  if (snapshot === null) return new StateMachine(limits);
  const restore = StateMachine.restore(snapshot.lastIncludedIndex, limits);
  snapshots.loadSync(restore.sink);
  return restore.finish();
}

export function lastIncluded(snapshot: SnapshotMeta): EntryId {
  return { index: snapshot.lastIncludedIndex, term: snapshot.lastIncludedTerm };
}
