/** A log that has become shorter is taken as it is. */
import type { Bug } from '../bug.ts';

export const shortLogVotes: Bug = {
  id: 'short-log-votes',
  title: 'a node whose log was cut short counts towards a quorum at once',
  mechanism:
    'Nobody compares the length of a segment with the one that it was made with, and a folder ' +
    'without a log is one that was never used. A node that has lost entries and votes takes part ' +
    'as if it had never had them, and makes a majority with one that is behind.',
  exposedBy: 'a log that is truncated or removed on one node, and another node that lags',
  workload: 'grow-set',
  args: ['--nodes', '3', '--nemesis', 'truncate', '--nemesis-every', '100'],
  citations: ['NATS #7587 https://github.com/nats-io/nats-server/pull/7587'],
  rows: ['B44'],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants' }],
  edits: [
    {
      file: 'server/storage/wal-segment-reader.ts',
      find: '    if (header.size !== window.size) {',
      replace: '    if (header.size < window.size) {',
    },
    {
      file: 'server/node-recovery.ts',
      find: '  checkLogIsThere(disk, identity);\n',
      replace: '',
    },
  ],
};
