/** A candidate does not write down that it stands. */
import type { Bug } from '../bug.ts';

export const ownVoteUnwritten: Bug = {
  id: 'own-vote-unwritten',
  title: 'a candidate forgets that it stood',
  mechanism:
    'Who stands raises its term and votes for itself in memory only; they reach the disk ' +
    'with its ' +
    'first entry as a leader, if it wins. After a crash it may vote for another in a term in ' +
    'which others have elected it.',
  exposedBy: 'a candidate that crashes as it wins, before its first entry is durable',
  workload: 'cas-register',
  args: ['--nemesis', 'crash-point'],
  citations: ['raft-java #57 https://github.com/wenweihu86/raft-java/issues/57'],
  rows: ['B01'],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants', says: /terms survive|elected|election safety/ }],
  edits: [
    {
      file: 'server/raft/role.ts',
      find: '  core.ownVoteWriteId = core.durability.nextWriteId;',
      replace: '  core.votesGranted.add(core.id);',
    },
    {
      file: 'server/raft/election.ts',
      find: `  becomeCandidate(core, isTransfer);
`,
      replace: `  becomeCandidate(core, isTransfer);
  if (maybeWinElection(core)) return;
`,
    },
    {
      file: 'server/raft/raft.ts',
      find: '  const changed = core.currentTerm',
      replace: '  const differs = core.currentTerm',
    },
    {
      file: 'server/raft/raft.ts',
      find: ` || core.votedFor !== before.votedFor;
  const entries = core.log.takeUnwritten();
`,
      replace: ` || core.votedFor !== before.votedFor;
  const entries = core.log.takeUnwritten();
  if (differs) core.stoodUnwritten = core.role === 'candidate';
  const changed = core.stoodUnwritten ? entries.length > 0 : differs;
  if (changed) core.stoodUnwritten = false;
`,
    },
    {
      file: 'server/raft/core.ts',
      find: '  votedFor: NodeId | null;\n',
      replace: '  votedFor: NodeId | null;\n  stoodUnwritten?: boolean;\n',
    },
  ],
};
