/** A transfer of leadership is never given up. */
import type { Bug } from '../bug.ts';

export const transferForEver: Bug = {
  id: 'transfer-for-ever',
  title: 'a leader that hands over in vain refuses writes for ever',
  mechanism:
    'A transfer ends only with a later term. If the target never stands, because it or the word ' +
    'to it was lost, the leader goes on refusing writes, while its heartbeats and the reads that ' +
    'it serves keep all others from an election.',
  exposedBy: 'a transfer to a node that cannot be reached, or whose message is lost',
  workload: 'register',
  args: ['--nemesis', 'transfer,partition,loss', '--nemesis-every', '50'],
  citations: ['openraft #1747 https://github.com/databendlabs/openraft/issues/1747'],
  rows: ['B63'],
  needs: 'cluster',
  expect: [
    { checker: 'progress', says: /no change was acknowledged/ },
    { checker: 'recovery', says: /no change was acknowledged/, valid: 'unknown' },
  ],
  edits: [
    {
      file: 'server/raft/transfer.ts',
      find: `  transfer.elapsedTicks += 1;
  if (transfer.elapsedTicks < core.options.electionTimeoutTicks) return;`,
      replace: '  if (transfer.elapsedTicks < core.options.electionTimeoutTicks) return;',
    },
  ],
};
