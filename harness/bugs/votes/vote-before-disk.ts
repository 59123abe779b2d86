/** A vote leaves before it is durable. */
import type { Bug } from '../bug.ts';

export const voteBeforeDisk: Bug = {
  id: 'vote-before-disk',
  title: 'a vote is given away before it is written',
  mechanism:
    'The answer to a candidate leaves at once, while the vote is on its way to the disk. A voter ' +
    'that crashes in between has voted and does not know it.',
  exposedBy: 'a voter that crashes right after it has answered, and another candidate',
  workload: 'cas-register',
  args: ['--nemesis', 'crash-point', '--nemesis-every', '50'],
  citations: ['[Fig. 2]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants', says: /durable before told/ }],
  edits: [
    {
      file: 'server/raft/election.ts',
      find: `  core.outbox.sendAfterWrite(from, {
    type: 'requestVoteResponse',
    term: core.currentTerm,
    voteGranted,`,
      replace: `  core.outbox.send(from, {
    type: 'requestVoteResponse',
    term: core.currentTerm,
    voteGranted,`,
    },
  ],
};
