/** An installation that a crash has cut in two is not finished at the next start. */
import type { Bug } from '../bug.ts';

export const installNotFinished: Bug = {
  id: 'install-not-finished',
  title: 'a node does not start with a snapshot that is ahead of its log',
  mechanism:
    'A leader’s snapshot is the current one, and the node dies before its log is reset. The ' +
    'next start takes both as they are: a log that ends before its snapshot, or contradicts ' +
    'it, cannot be, and the node ends.',
  exposedBy: 'a crash between the two steps of an installation',
  workload: 'kv',
  args: [
    '--nemesis',
    'until-snapshot,crash-point,kill',
    '--nemesis-every',
    '100',
    '--world',
    'snapshot=20,trailing=0,segment=4',
  ],
  citations: ['camunda/zeebe #4587 https://github.com/camunda/camunda/issues/4587'],
  rows: ['B52'],
  needs: 'cluster',
  expect: [{ checker: 'exits' }],
  edits: [
    {
      file: 'server/storage/wal-recovery.ts',
      find: `  const reset = replay.reconcile(snapshot);`,
      replace: `  const reset = null as ReturnType<typeof replay.reconcile>;`,
    },
  ],
};
