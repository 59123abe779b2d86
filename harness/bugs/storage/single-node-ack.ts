/** A cluster of one takes what it appends for durable. */
import type { Bug } from '../bug.ts';

export const singleNodeAck: Bug = {
  id: 'single-node-ack',
  title: 'a cluster of one answers while its log is still being saved',
  mechanism:
    'Where there is one voter, an entry is a quorum as soon as it is in the log: it is applied ' +
    'and answered in parallel with the write that saves it. Whoever loses its power in between ' +
    'comes back without it.',
  exposedBy: 'a cluster of one that loses its power; others wait for each other’s disks',
  workload: 'grow-set',
  args: ['--nodes', '1', '--nemesis', 'power', '--nemesis-every', '100'],
  citations: [
    'etcd #14370 https://github.com/etcd-io/etcd/issues/14370',
    'etcd #14394 https://github.com/etcd-io/etcd/pull/14394',
  ],
  rows: ['B40'],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants' }],
  edits: [
    {
      file: 'server/raft/replication.ts',
      find: `    outbox.accepted.push({ id, entry: { index, term } });
  }`,
      replace: `    outbox.accepted.push({ id, entry: { index, term } });
  }
  if (core.role === 'leader') maybeAdvanceCommitIndex(core);`,
    },
    {
      file: 'server/raft/replication.ts',
      find: `    voter === core.id ? core.durability.durableIndex : (`,
      replace: `    voter === core.id
      ? configurationInForce(core).voters.length === 1
        ? core.log.lastIndex
        : core.durability.durableIndex
      : (`,
    },
  ],
};
