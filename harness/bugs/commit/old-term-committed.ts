/** A leader commits entries of earlier terms by their number of copies. */
import type { Bug } from '../bug.ts';

export const oldTermCommitted: Bug = {
  id: 'old-term-committed',
  title: 'an entry of an earlier term is committed by counting its copies',
  mechanism:
    'The commit rule asks only how many have an entry, and not whether it is of the leader’s own ' +
    'term. An old entry on a majority may still be overwritten, as figure 8 shows; it is ' +
    'acknowledged all the same.',
  exposedBy: 'leaders that fail one after the other and leave entries that not all have',
  workload: 'cas-register',
  args: ['--nemesis', 'kill:leader,partition', '--nemesis-every', '30'],
  citations: [
    'LogCabin #44 https://github.com/logcabin/logcabin/issues/44',
    'NATS #7955 https://github.com/nats-io/nats-server/pull/7955',
    '[Raft §5.4.2]',
  ],
  rows: ['B04'],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants', says: /commit rule/ }],
  edits: [
    {
      file: 'server/raft/replication.ts',
      find: ' || core.log.termAt(index) !== core.currentTerm) return false;',
      replace: ') return false;',
    },
  ],
};
