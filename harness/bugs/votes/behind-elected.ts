/** A voter does not ask whether the candidate has all entries. */
import type { Bug } from '../bug.ts';

export const behindElected: Bug = {
  id: 'behind-elected',
  title: 'a leader without committed entries',
  mechanism:
    'A vote is granted to the first who asks in a term, however short its log is, and even ' +
    'by who hears a leader. And who starts stands for election at once, without a pre-vote.',
  exposedBy: 'a node that was killed and returns',
  workload: 'cas-register',
  args: ['--nemesis', 'kill', '--nemesis-every', '100'],
  citations: ['[Raft §5.4.1]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants', says: /leader completeness/ }],
  edits: [
    {
      file: 'server/node.ts',
      find: `    this.#driver.join();
    this.#armTick();`,
      replace: `    this.#driver.join();
    this.#armTick();
    this.#driver.step({ type: 'tick' });`,
    },
    {
      file: 'server/raft/election.ts',
      find: `  becomePreCandidate(core);
  if (maybeWinPreVote(core)) return;
  broadcastRequestVote(core, true);`,
      replace: '  campaign(core, false);',
    },
    {
      file: 'server/raft/raft.ts',
      find: '  resetElectionTimer(core);',
      replace: `  resetElectionTimer(core);
  core.electionElapsedTicks = core.electionTimeoutTicks - 1;`,
    },
    {
      file: 'server/raft/election.ts',
      find: '  return core.log.isAtMostAsUpToDateAs(',
      replace: '  return true || core.log.isAtMostAsUpToDateAs(',
    },
    {
      file: 'server/raft/election.ts',
      find: '  if (!message.transfer && followsLiveLeader(core)) return;',
      replace:
        "  if (!message.transfer && core.role === 'leader' && followsLiveLeader(core)) return;",
    },
  ],
};
