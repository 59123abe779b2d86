/** A leader’s snapshot leaves in place what contradicts it. */
import type { Bug } from '../bug.ts';

export const installKeepsTail: Bug = {
  id: 'install-keeps-tail',
  title: 'a tail that conflicts with an installed snapshot stays',
  mechanism:
    'A snapshot is installed, and a log that reaches beyond its end stays as it is, though ' +
    'its entries are of a deposed leader. What the leader sends next does not fit behind ' +
    'them: it is refused, again and again, and the follower never comes back.',
  exposedBy:
    'a leader that is cut off with more writes under way than the others need for a snapshot',
  workload: 'grow-set',
  args: [
    ...['--nemesis', 'partition:leader', '--nemesis-every', '30', '--concurrency', '40'],
    ...['--rate', '300', '--world', 'snapshot=5,trailing=0'],
  ],
  citations: [
    'hashicorp/raft #697 https://github.com/hashicorp/raft/issues/697',
    'hashicorp/raft #704 https://github.com/hashicorp/raft/pull/704',
  ],
  rows: ['B49'],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants' }],
  edits: [
    {
      file: 'server/raft/install-snapshot.ts',
      find: `  core.log.resetTo({ index, term });
  core.durability.truncateFrom(index);
`,
      replace: `  if (core.log.lastIndex <= index) {
    core.log.resetTo({ index, term });
    core.durability.truncateFrom(index);
  }
`,
    },
    {
      file: 'server/raft/append-entries.ts',
      find: `  if (prevLogIndex <= core.commitIndex) {
    throw new`,
      replace: `  if (prevLogIndex < 0) {
    throw new`,
    },
  ],
};
