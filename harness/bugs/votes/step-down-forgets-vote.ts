/** Who gives up its candidacy forgets that it has voted for itself. */
import type { Bug } from '../bug.ts';

export const stepDownForgetsVote: Bug = {
  id: 'step-down-forgets-vote',
  title: 'a candidate that gives up has its vote back',
  mechanism:
    'A candidate that hears the leader of its term becomes a follower as if the term were new: ' +
    'its vote for itself is void, and it may give it to another in the same term.',
  exposedBy: 'two candidates in one term, one of which wins',
  workload: 'cas-register',
  args: ['--nemesis', 'kill:leader', '--nemesis-every', '50'],
  citations: [
    'akka-raft #56 https://github.com/ktoso/akka-raft/issues/56',
    'etcd #2461 https://github.com/etcd-io/etcd/pull/2461',
    'CCF #8094 https://github.com/microsoft/CCF/pull/8094',
  ],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants', says: /vote/ }],
  edits: [
    {
      file: 'server/raft/role.ts',
      find: "  const led = core.role === 'leader';\n",
      replace: `  const led = core.role === 'leader';
  if (core.role === 'candidate') core.votedFor = null;
`,
    },
    {
      file: 'server/raft/invariants.ts',
      find: "  assert(oneVote, 'one vote in a term', at);\n",
      replace: '',
    },
    {
      file: 'server/storage/wal-outline.ts',
      find: '    if (again && votedFor !== null) {',
      replace: "    if (again && votedFor === '') {",
    },
  ],
};
