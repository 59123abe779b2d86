/** A snapshot is written under the name that the next start looks for. */
import type { Bug } from '../bug.ts';

export const snapshotInPlace: Bug = {
  id: 'snapshot-in-place',
  title: 'a crash while a snapshot is written leaves half of one in its place',
  mechanism:
    'A snapshot is written under its final name from its first byte on, instead of elsewhere and ' +
    'renamed when it is whole. Whoever dies meanwhile finds half a snapshot as its newest one, ' +
    'and does not start.',
  exposedBy: 'a crash while a snapshot is written; small ones take about a millisecond',
  workload: 'kv',
  args: ['--nemesis', 'crash-point,kill', '--nemesis-every', '50', '--world', 'snapshot=10'],
  citations: [
    'verdi-raft #51 https://github.com/uwplse/verdi-raft/issues/51',
    'redisraft #654 https://github.com/RedisLabs/redisraft/issues/654',
  ],
  rows: ['B46'],
  needs: 'cluster',
  expect: [{ checker: 'exits' }],
  edits: [
    {
      file: 'server/storage/snapshot-store.ts',
      find: "    const file = temporaryFileName(meta, 'writing', this.#writeCount);",
      replace: '    const file = snapshotFileName(meta);',
    },
  ],
};
