/** A leader applies what it has on disk, and does not wait for the commit. */
import type { Bug } from '../bug.ts';

export const applyBeforeCommit: Bug = {
  id: 'apply-before-commit',
  title: 'an entry is applied before it is committed',
  mechanism:
    'A leader hands entries to its state machine as soon as its own disk has them. Most are ' +
    'committed a moment later; those of a leader that is cut off never are.',
  exposedBy: 'any write; a client sees it when the leader is isolated',
  workload: 'cas-register',
  args: ['--nemesis', 'partition'],
  citations: ['[Fig. 2]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants', says: /appl/ }],
  edits: [
    {
      file: 'server/raft/raft.ts',
      find: '  const appliedFrom = Math.max(before.commitIndex, outbox.installed?',
      replace: `  const ownUpTo = core.role === 'leader' ? core.durability.durableIndex : 0;
  const upTo = Math.max(core.commitIndex, ownUpTo);
  const handedUpTo = core.handedUpTo ?? before.commitIndex;
  core.handedUpTo = Math.max(handedUpTo, upTo, outbox.installed?.lastIncludedIndex ?? 0);
  const appliedFrom = Math.max(handedUpTo, outbox.installed?`,
    },
    {
      file: 'server/raft/raft.ts',
      find: 'core.commitIndex > appliedFrom ? core.log.slice(appliedFrom + 1, core.commitIndex)',
      replace: 'upTo > appliedFrom ? core.log.slice(appliedFrom + 1, upTo)',
    },
    {
      file: 'server/raft/core.ts',
      find: '  commitIndex: number;',
      replace: `  commitIndex: number;
  handedUpTo?: number;`,
    },
    {
      file: 'server/raft-driver.ts',
      find: '    const due = !installing &&',
      replace: `    const committed = appliedIndex <= this.raft.status().commitIndex;
    const due = committed && !installing &&`,
    },
  ],
};
