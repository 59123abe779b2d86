/** A record of the log is believed whatever its checksum says. */
import type { Bug } from '../bug.ts';

export const checksumUnchecked: Bug = {
  id: 'checksum-unchecked',
  title: 'the log is read without its checksums',
  mechanism:
    'The checksum of a record is written and never looked at. A bit that has flipped in a value ' +
    'becomes the value of this node, and one that has flipped in an entry’s frame makes another ' +
    'log of it; half a record that a crash has left is read as a whole one.',
  exposedBy: 'a bit that flips in a log, or a crash in the middle of an append',
  workload: 'grow-set',
  args: ['--nemesis', 'corruption', '--nemesis-every', '100'],
  citations: [
    'Protocol-aware recovery, FAST 2018 ' +
      'https://www.usenix.org/conference/fast18/presentation/alagappan',
  ],
  rows: [],
  needs: 'sector',
  expect: [{ checker: 'raft-invariants' }],
  edits: [
    {
      file: 'server/storage/wal-segment-reader.ts',
      find: `  if (recordChecksum(payload, { ...place, previous }) !== checksum) return null;
`,
      replace: '',
    },
  ],
};
