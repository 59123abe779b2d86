/** An old snapshot takes the place of a newer log. */
import type { Bug } from '../bug.ts';

export const installBehindLog: Bug = {
  id: 'install-behind-log',
  title: 'a late snapshot throws away what came after it',
  mechanism:
    'Every snapshot of the leader that is newer than the own one is installed, whether or not ' +
    'the log has got there by itself. What stands behind its end was acknowledged, and is ' +
    'gone.',
  exposedBy: 'a snapshot that comes late or twice, to a follower that has caught up by its log',
  workload: 'grow-set',
  args: [
    ...['--nemesis', 'hold,kill,partition', '--nemesis-every', '30', '--concurrency', '20'],
    ...['--world', 'snapshot=5,trailing=0,slow=0.3,slow-ms=300,replay=0.2'],
  ],
  citations: ['camunda/zeebe #6092 https://github.com/camunda/camunda/issues/6092'],
  rows: ['B50'],
  needs: 'message',
  expect: [{ checker: 'raft-invariants' }],
  edits: [
    {
      file: 'server/raft/install-snapshot.ts',
      find: `  const holds = lastIncludedIndex <= core.commitIndex || core.log.holds(last);`,
      replace: `  const holds = last.index <= (core.snapshot?.lastIncludedIndex ?? 0);`,
    },
    {
      file: 'server/raft/install-snapshot.ts',
      find: `  if (core.log.holds({ index, term })) learnCommitIndex(core, index);
  else if (index > core.commitIndex) install(core, snapshot);`,
      replace: '  if (index > (core.snapshot?.lastIncludedIndex ?? 0)) install(core, snapshot);',
    },
    {
      file: 'server/raft/invariants.ts',
      find: `  assert(core.commitIndex >= before.commitIndex, 'the commit index never falls', at);
`,
      replace: '',
    },
    {
      file: 'server/raft/invariants.ts',
      find: `  const compacted = before.commitIndex < log.base.index;`,
      replace: `  const gone = before.commitIndex > log.lastIndex;
  const compacted = gone || before.commitIndex < log.base.index;`,
    },
  ],
};
