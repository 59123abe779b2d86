/** A log that begins behind its snapshot is taken as it is. */
import type { Bug } from '../bug.ts';

export const gapAfterRestart: Bug = {
  id: 'gap-after-restart',
  title: 'the entries between a snapshot and its log are passed over',
  mechanism:
    'The log on disk is compacted when a snapshot begins, and not when it is durable. After a ' +
    'crash in between, the log begins behind the older snapshot that is still there, and the ' +
    'node goes on at the log’s beginning with the state of that snapshot.',
  exposedBy: 'a crash while a snapshot is written',
  workload: 'list-append',
  args: [
    '--nemesis',
    'kill',
    '--nemesis-every',
    '50',
    '--world',
    'snapshot=20,trailing=0,segment=4',
  ],
  citations: [
    'redisraft #44 https://github.com/RedisLabs/redisraft/issues/44',
    'redisraft #52 https://github.com/RedisLabs/redisraft/issues/52',
    'redisraft #53 https://github.com/RedisLabs/redisraft/issues/53',
  ],
  rows: ['B55'],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants' }],
  edits: [
    {
      file: 'server/raft-driver.ts',
      find: `    this.snapshots.take(this.raft.snapshotMetaAt(appliedIndex), source);`,
      replace: `    this.snapshots.take(this.raft.snapshotMetaAt(appliedIndex), source);
    this.#compactWal(appliedIndex - this.#options.trailingEntries);`,
    },
    {
      file: 'server/storage/wal-recovery.ts',
      find: `  checkBase(found, { first, snapshot });
`,
      replace: '',
    },
    {
      file: 'server/storage/wal-replay.ts',
      find: `    if (outline.termAt(snapshot.index) === snapshot.term) return null;`,
      replace: `    if (snapshot.index < outline.base.index) return null;
    if (outline.termAt(snapshot.index) === snapshot.term) return null;`,
    },
    {
      file: 'server/raft/core.ts',
      find: `  if (base.index > snapshotIndex || snapshotIndex > log.lastIndex) {`,
      replace: `  if (base.index > snapshotIndex) return;
  if (snapshotIndex > log.lastIndex) {`,
    },
    {
      file: 'server/raft/core.ts',
      find: `    commitIndex: snapshot?.lastIncludedIndex ?? 0,`,
      replace: `    commitIndex: Math.max(snapshot?.lastIncludedIndex ?? 0, log.base.index),`,
    },
    {
      file: 'server/raft/invariants.ts',
      find: `  assert(log.base.index <= snapshotIndex, 'what is compacted is in a snapshot', at);
`,
      replace: '',
    },
    {
      file: 'server/node-recovery.ts',
      find: `  const { hardState, base, entries, tornBytes } = wal;`,
      replace: `  const { hardState, base, entries, tornBytes } = wal;
  stateMachine.skipTo(base.index);`,
    },
    {
      file: 'server/kv/state-machine.ts',
      find: `  get keyCount(): number {`,
      replace: `  skipTo(index: number): void {
    this.#appliedIndex = Math.max(this.#appliedIndex, index);
  }

  get keyCount(): number {`,
    },
  ],
};
