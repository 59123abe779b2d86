/** Who was removed forgets its vote and its log, and votes on. */
import type { Bug } from '../bug.ts';

export const removedVotesBlindly: Bug = {
  id: 'removed-votes-blindly',
  title: 'a removed server forgets what it had promised, and votes',
  mechanism:
    'A server that knows that it was removed counts its log and its vote as gone. Whoever still ' +
    'takes it for a voter gets its vote, with whatever log, and twice in a term.',
  exposedBy: 'two members removed while a third is cut off, which then asks them for their votes',
  workload: 'register',
  args: ['--nemesis', 'members,partition', '--nemesis-every', '50'],
  citations: [
    'aphyr, RethinkDB 2.2.3 https://aphyr.com/posts/330-jepsen-rethinkdb-2-2-3-reconfiguration',
  ],
  rows: ['B34'],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants' }],
  edits: [
    {
      file: 'server/raft/election.ts',
      find: "import { isQuorumOf } from './configuration.ts';",
      replace: "import { isQuorumOf, membersOf } from './configuration.ts';",
    },
    {
      file: 'server/raft/election.ts',
      find: '    (core.votedFor === null || core.votedFor === message.candidateId) &&',
      replace: `    (isErased(core) ||
      core.votedFor === null ||
      core.votedFor === message.candidateId) &&`,
    },
    {
      file: 'server/raft/election.ts',
      find: `function isUpToDate(core: Core, message: RequestVote): boolean {
`,
      replace: `function isErased(core: Core): boolean {
  const { index, configuration } = core.configurations.current;
  const committed = index > 0 && index <= core.commitIndex;
  return committed && !membersOf(configuration).includes(core.id);
}

function isUpToDate(core: Core, message: RequestVote): boolean {
  if (isErased(core)) return true;
`,
    },
    {
      file: 'server/raft/invariants.ts',
      find: `  assert(oneVote, 'one vote in a term', at);
`,
      replace: '',
    },
  ],
};
