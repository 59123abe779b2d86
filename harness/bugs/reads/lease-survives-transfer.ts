/** A leader that hands over goes on reading under its lease. */
import type { Bug } from '../bug.ts';
import { leaseEdits } from './lease-edits.ts';

export const leaseSurvivesTransfer: Bug = {
  id: 'lease-survives-transfer',
  title: 'a lease is not given up when leadership is handed over',
  mechanism:
    'A leader answers reads by itself for an election timeout after a quorum has answered it. ' +
    'Who is told to stand is elected within that time, for the voters know that it was asked to; ' +
    'the old leader reads on until it hears of it.',
  exposedBy: 'a transfer, and messages from the new leader to the old that are late or lost',
  workload: 'register',
  args: ['--nemesis-schedule', 'handovers'],
  citations: [
    'raft-rs #234 https://github.com/tikv/raft-rs/issues/234',
    'openraft #1748 https://github.com/databendlabs/openraft/pull/1748',
  ],
  rows: ['B28'],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants', says: /reads/ }],
  edits: leaseEdits,
};
