/** A voter does not look at whom it has voted for. */
import type { Bug } from './bug.ts';

export const twoVotes: Bug = {
  id: 'two-votes',
  title: 'two leaders in a term',
  mechanism:
    'A vote is granted to every candidate of the term whose log is new enough, although it ' +
    'was given to another. All timeouts are nearly alike, and count from what was heard last, so ' +
    'that candidates meet.',
  exposedBy: 'elections with two candidates, each of whom may win',
  workload: 'cas-register',
  args: ['--nemesis', 'kill', '--nemesis-every', '150'],
  expect: [{ checker: 'raft-invariants', says: /election safety/ }],
  edits: [
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
      replace: `    core.votedFor !== core.id &&
`,
    },
    {
      file: 'server/raft/election.ts',
      find: '    core.votedFor = message.candidateId;',
      replace: '    core.votedFor ??= message.candidateId;',
    },
    {
      file: 'server/raft/role.ts',
      find: 'Math.floor(random() * electionTimeoutTicks);',
      replace: 'Math.floor(random() * 3);',
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
