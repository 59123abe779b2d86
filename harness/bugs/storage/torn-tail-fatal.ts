/** A write that a crash has torn is taken for damage. */
import type { Bug } from '../bug.ts';

export const tornTailFatal: Bug = {
  id: 'torn-tail-fatal',
  title: 'a node does not start after a crash in the middle of an append',
  mechanism:
    'The start refuses every log that does not end with a good record. But a crash in the middle ' +
    'of an append leaves a part of a record, of which nothing was promised: the node could cut ' +
    'it off and go on, and it never comes back.',
  exposedBy: 'a power loss while a record is on its way to the disk',
  workload: 'grow-set',
  args: ['--nemesis', 'power:one', '--nemesis-every', '100'],
  citations: [
    'etcd #6378 https://github.com/etcd-io/etcd/issues/6378',
    'etcd #14098 https://github.com/etcd-io/etcd/issues/14098',
  ],
  rows: ['B42'],
  needs: 'cluster',
  expect: [{ checker: 'exits' }],
  edits: [
    {
      file: 'server/storage/wal-recovery.ts',
      find: `  if (proof === null) return contentEnd;
  const what =
    proof.what`,
      replace: `  const what =
    proof === null
      ? 'no valid record'
      : proof.what`,
    },
  ],
};
