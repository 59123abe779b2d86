/** A start does not repeat the truncations that the log tells of. */
import type { Bug } from '../bug.ts';

export const truncationNotSaved: Bug = {
  id: 'truncation-not-saved',
  title: 'entries that were replaced come back after a restart',
  mechanism:
    'Entries that contradict the leader’s are replaced one by one when the log is read, and what ' +
    'stood behind the last of them stays: nothing on disk says that it went. The node comes back ' +
    'with a tail that a deposed leader had written.',
  exposedBy: 'a deposed leader with a long tail that is replaced by a shorter one, and a restart',
  workload: 'grow-set',
  args: ['--nemesis', 'partition:leader,kill', '--nemesis-every', '50', '--concurrency', '40'],
  citations: ['NATS #5957 https://github.com/nats-io/nats-server/pull/5957', '[Raft §5.3]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'exits' }],
  edits: [
    {
      file: 'server/storage/wal-replay.ts',
      find: `Math.max(0, Math.min(this.#entries.length, keptIndex - base.index));
    for (const entry of write.entries) {
      if (entry.index > base.index) this.#entries.push(entry);
    }`,
      replace: `write.voidsAll
      ? Math.max(0, keptIndex - base.index)
      : this.#entries.length;
    for (const entry of write.entries) {
      if (entry.index > base.index) this.#entries[entry.index - base.index - 1] = entry;
    }`,
    },
  ],
};
