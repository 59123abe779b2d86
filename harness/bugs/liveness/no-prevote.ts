/** Who hears no leader stands at once, and whoever is asked deposes the leader that it hears. */
import type { Bug } from '../bug.ts';

export const noPrevote: Bug = {
  id: 'no-prevote',
  title: 'a node that does not hear the leader deposes it, again and again',
  mechanism:
    'As in the paper alone: no pre-vote, and who follows a live leader takes over the term of ' +
    'whoever would replace it. The cluster is safe; while a node hears nobody and is heard, it ' +
    'elects more than it serves.',
  exposedBy: 'a one-way partition, behind which a node hears nobody',
  workload: 'cas-register',
  args: ['--nemesis-file', 'deaf-node', '--availability', '0.75', '--time-limit', '10'],
  citations: [
    'Howard 2020 https://decentralizedthoughts.github.io/2020-12-12-raft-liveness-full-omission/',
    'RedisLabs/raft #24 https://github.com/RedisLabs/raft/issues/24',
    '[Ongaro §9.6]',
  ],
  rows: ['B60'],
  needs: 'cluster',
  expect: [{ checker: 'stability', says: /went through/ }, { checker: 'availability' }],
  edits: [
    {
      file: 'server/raft/election.ts',
      find: `  becomePreCandidate(core);
  if (maybeWinPreVote(core)) return;
  broadcastRequestVote(core, true);`,
      replace: `  becomePreCandidate(core);
  campaign(core, false);`,
    },
    {
      file: 'server/raft/election.ts',
      find: `  if (!message.transfer && followsLiveLeader(core)) return;
`,
      replace: '',
    },
  ],
};
