/** What a leader sends carries the term of the moment in which it leaves. */
import type { Bug } from '../bug.ts';

export const deposedLeaderSends: Bug = {
  id: 'deposed-leader-sends',
  title: 'a server that has stepped down sends as the leader of the next term',
  mechanism:
    'Entries and heartbeats leave a moment after they were decided upon, and get their term ' +
    'then. ' +
    'A leader that has given its vote away meanwhile sends as the leader of a term that another ' +
    'is elected in. That a term has one leader is nowhere asserted.',
  exposedBy: 'a leader that is asked for its vote while it sends: a transfer under load',
  workload: 'cas-register',
  args: ['--nemesis', 'transfer', '--nemesis-every', '50'],
  citations: ['NATS #7297 https://github.com/nats-io/nats-server/pull/7297'],
  rows: ['B08'],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants', says: /election safety|log matching|committed stays/ }],
  edits: [
    {
      file: 'server/raft-driver.ts',
      find: `    this.#host.crashPoints.reach('raft.before-send');
    this.#sendEach(messages);`,
      replace: `    this.#host.crashPoints.reach('raft.before-send');
    const appends = messages.filter(({ message }) => message.type === 'appendEntries');
    this.#sendEach(messages.filter(({ message }) => message.type !== 'appendEntries'));
    if (appends.length === 0) return;
    this.#host.timers.after(1, () =>
      this.guard(() => {
        const { currentTerm: term } = this.raft.status();
        this.#sendEach(appends.map(({ to, message }) => ({ to, message: { ...message, term } })));
      }),
    );`,
    },
    {
      file: 'server/raft/append-entries.ts',
      find: '  checkOneLeader(core, message);\n',
      replace: '',
    },
    {
      file: 'server/raft/invariants.ts',
      find: '  assert(!hadLeader || core.leaderId === before.leaderId,',
      replace: '  assert(!hadLeader || before.leaderId !== null,',
    },
  ],
};
