/** A voter does not look at whom it has voted for. */
import type { Bug } from '../bug.ts';

export const twoVotes: Bug = {
  id: 'two-votes',
  title: 'two leaders in a term',
  mechanism:
    'A vote is granted to every candidate of the term whose log is new enough, although it was ' +
    'given to another, and by the candidates too. All timeouts are alike, count from what was ' +
    'heard last, and end without a pre-vote, so that candidates meet.',
  exposedBy: 'elections with two candidates, each of whom may win',
  workload: 'cas-register',
  args: ['--nemesis', 'kill', '--nemesis-every', '150', '--time-limit', '12'],
  citations: ['[Raft §5.2]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants', says: /election safety/ }],
  edits: [
    {
      file: 'server/raft/election.ts',
      find: `  becomePreCandidate(core);
  if (maybeWinPreVote(core)) return;
  broadcastRequestVote(core, true);`,
      replace: '  campaign(core, false);',
    },
    {
      file: 'server/node.ts',
      find: '    this.#driver.counters.messagesReceived += 1;',
      replace: `    this.#driver.counters.messagesReceived += 1;
    if (message.type === 'appendEntries' && this.#tickTimer !== null) {
      this.#host.timers.cancel(this.#tickTimer);
      this.#armTick();
    }`,
    },
    {
      file: 'server/raft/election.ts',
      find: `    (core.votedFor === null || core.votedFor === message.candidateId) &&
`,
      replace: '',
    },
    {
      file: 'server/raft/election.ts',
      find: '    core.votedFor = message.candidateId;',
      replace: '    core.votedFor ??= message.candidateId;',
    },
    {
      file: 'server/raft/election.ts',
      find: `    becomeFollower(core, message.term, null);
    resetElectionTimer(core);`,
      replace: `    if (core.role !== 'candidate') {
      becomeFollower(core, message.term, null);
      resetElectionTimer(core);
    }`,
    },
    {
      file: 'server/raft/role.ts',
      find: 'Math.floor(random() * electionTimeoutTicks);',
      replace: 'Math.floor(random());',
    },
    {
      file: 'server/raft/invariants.ts',
      find: '  assert(!hadLeader || core.leaderId === before.leaderId,',
      replace: '  assert(!hadLeader || before.leaderId !== null,',
    },
    {
      file: 'server/raft/append-entries.ts',
      find: '  if (!sameTerm || known === null || known === message.leaderId) return;',
      replace: "  if (!sameTerm || core.role !== 'leader') return;",
    },
  ],
};
