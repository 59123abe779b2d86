/**
 * The named crash points: places in the code where a crash is most likely to show a bug.
 *
 * `host.crashPoints.reach(name)` stands at each of them. In a node that was started with
 * `--crash-at name#n`, or told so while it runs (`RAFT.CRASH-AT`, where that is allowed), the n-th
 * passage kills the process on the spot, as SIGKILL does; otherwise nothing happens. A test walks
 * the sources: each name is reached by exactly one line of code.
 */

/** Name and what has and has not happened there. */
export const crashPoints = {
  'wal.before-append': 'a batch of writes is complete, and nothing of it is on its way to the disk',
  'wal.after-append-before-fsync': 'the batch was written to the file, which was not synced',
  'wal.after-fsync': 'the batch is durable, and nobody has been told',
  'wal.before-roll': 'the segment is full, the next one is not there',
  'wal.after-roll': 'the next segment and its name are durable, nothing is in it',
  'wal.before-compact': 'segments may go, none is gone',
  'wal.after-remove-before-directory-fsync': 'segments are removed, the directory is not synced',
  'wal.before-hard-state': 'term or vote have changed in memory only',
  'wal.after-hard-state': 'term or vote are durable, and no message that depends on them has left',
  'raft.before-send': 'messages that depend on no write are about to leave',
  'raft.before-send-after-write': 'answers that waited for a write are about to leave',
  'raft.after-send-after-write': 'answers that waited for a write have left',
  'raft.after-become-leader': 'an election is won, the no-op is not sent',
  'raft.before-apply': 'entries are committed, none of them is applied',
  'raft.after-apply-before-reply': 'an entry is applied, its client has no answer',
  'raft.after-reply': 'a client has its answer',
  'raft.before-read-reply': 'a read is confirmed and applied, its client has no answer',
  'snapshot.before-write': 'a snapshot is due, nothing of it is written',
  'snapshot.during-write': 'a part of a snapshot is written to its temporary file',
  'snapshot.after-write-before-fsync': 'the temporary file is whole and not synced',
  'snapshot.after-fsync-before-rename': 'the temporary file is durable under its temporary name',
  'snapshot.after-rename-before-directory-fsync': 'it has its name, which is not durable',
  'snapshot.after-write-before-compact': 'the snapshot is durable, the log is still whole',
  'snapshot.after-chunk': 'a chunk of the leader’s snapshot is stored',
  'snapshot.received-before-install': 'the whole file is there and verified, nothing depends on it',
  'snapshot.after-install-before-log-reset': 'it is the current one, the old log is still there',
  'snapshot.after-install': 'snapshot and log agree, the leader has not been told',
  'membership.after-append-joint': 'the joint configuration is in the leader’s log, not sent',
  'membership.joint-committed': 'the joint configuration is committed, the new one not appended',
  'membership.new-committed': 'the new configuration is committed',
  'transfer.before-timeout-now': 'the target is up to date and has not been told to stand',
  'transfer.after-timeout-now': 'the target has been told to stand',
  'identity.before-write': 'a new data directory has no identity yet',
  'identity.after-write': 'the identity is durable, there is no log',
} as const;

export type CrashPointName = keyof typeof crashPoints;

export interface CrashAt {
  readonly name: CrashPointName;
  /** Counted from 1. */
  readonly passage: number;
}

export interface CrashPoints {
  /** Returns, or ends the process. */
  reach(name: CrashPointName): void;
  /**
   * From now on the process is to end at the n-th passage of this point, and at no other; null:
   * nowhere. Undefined where nobody may ask for it while the node runs.
   */
  readonly arm?: (at: CrashAt | null) => void;
}

export function isCrashPointName(name: string): name is CrashPointName {
  return Object.hasOwn(crashPoints, name);
}

/** For hosts that never crash on purpose. */
export const noCrashPoints: CrashPoints = { reach: () => undefined };
