/** A candidate does not ask who it is that votes for it. */
import type { Bug } from '../bug.ts';

export const outsiderVotes: Bug = {
  id: 'outsider-votes',
  title: 'votes of servers that have none',
  mechanism:
    'A candidate asks all members for their vote, and compares the number of grants with the ' +
    'majority of the voters. A learner, or a server that is being removed, counts as a voter does.',
  exposedBy: 'an election while there are learners, and voters that cannot be reached',
  workload: 'cas-register',
  args: ['--nemesis', 'members,partition', '--nemesis-every', '100'],
  citations: ['[Ongaro §4.1]', '[Ongaro §4.2.1]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants', says: /elected|election safety|leader completeness/ }],
  edits: [
    {
      file: 'server/raft/election.ts',
      find: "import { type Core, configurationInForce, lastLogId } from './core.ts';",
      replace:
        "import { type Core, configurationInForce, lastLogId, otherMembers } from './core.ts';",
    },
    {
      file: 'server/raft/election.ts',
      find: `  const { voters, outgoingVoters } = configurationInForce(core);
  for (const peer of new Set([...voters, ...outgoingVoters])) {
    if (peer === core.id) continue;`,
      replace: '  for (const peer of otherMembers(core)) {',
    },
    {
      file: 'server/raft/configuration.ts',
      find: '    isQuorum(voters.filter((voter) => granted.has(voter)).length, voters.length);',
      replace: `    isJoint(configuration)
      ? isQuorum(voters.filter((voter) => granted.has(voter)).length, voters.length)
      : isQuorum(granted.size, voters.length);`,
    },
  ],
};
