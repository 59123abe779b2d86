/** Where only the term of the last entry differs, the leader's is believed. */
import type { Bug } from '../bug.ts';

export const tailTermAdopted: Bug = {
  id: 'tail-term-adopted',
  title: 'a last entry of another term stays',
  mechanism:
    'A follower remembers the term of its last entry beside the log. When a leader names another ' +
    'term for that very place the follower takes it on and asks for nothing: it corrects what it ' +
    'remembers, and not the entry. What comes next fits.',
  exposedBy: 'a leader that fails when it alone has its last entry, and returns',
  workload: 'list-append',
  args: ['--nemesis', 'kill:leader', '--nemesis-every', '50'],
  citations: [
    'NATS #5957 https://github.com/nats-io/nats-server/pull/5957',
    'NATS #6073 https://github.com/nats-io/nats-server/pull/6073',
  ],
  rows: ['B19'],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants', says: /log matching|safety|quorum/ }],
  edits: [
    {
      file: 'server/raft/log.ts',
      find: '  #firstUnwrittenIndex: number;',
      replace: `  #firstUnwrittenIndex: number;
  /** What the last entry's term was said to be. */
  tailTerm: EntryId | null = null;`,
    },
    {
      file: 'server/raft/log.ts',
      find: '    return this.termAt(id.index) === id.term;',
      replace: `    const isTail = id.index === this.lastIndex && this.tailTerm?.index === id.index;
    return (isTail ? this.tailTerm?.term : this.termAt(id.index)) === id.term;`,
    },
    {
      file: 'server/raft/append-entries.ts',
      find: '    refuse(core, from, { ...conflictBefore(core, message),',
      replace: `    if (prevLogIndex === core.log.lastIndex) {
      core.log.tailTerm = { index: prevLogIndex, term: prevLogTerm };
      return;
    }
    refuse(core, from, { ...conflictBefore(core, message),`,
    },
  ],
};
