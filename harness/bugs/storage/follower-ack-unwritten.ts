/** A follower confirms what is only in its memory. */
import type { Bug } from '../bug.ts';

export const followerAckUnwritten: Bug = {
  id: 'follower-ack-unwritten',
  title: 'followers acknowledge entries before they write them',
  mechanism:
    'The answer to AppendEntries leaves as soon as the entries are in memory, in parallel with ' +
    'the write that saves them. The leader counts copies that a crash takes away.',
  exposedBy: 'crashes of followers, and of the leader before they have caught up again',
  workload: 'grow-set',
  args: ['--nemesis', 'kill', '--nemesis-every', '100'],
  citations: ['Jepsen: NATS 2.12.1 https://jepsen.io/analyses/nats-2.12.1'],
  rows: ['B39'],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants' }],
  edits: [
    {
      file: 'server/raft/append-entries.ts',
      find: `  core.outbox.sendAfterWrite(to, {
    type: 'appendEntriesResponse',`,
      replace: `  core.outbox.send(to, {
    type: 'appendEntriesResponse',`,
    },
  ],
};
