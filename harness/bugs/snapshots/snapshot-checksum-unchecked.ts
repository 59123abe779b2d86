/** A snapshot is believed whatever its checksums say. */
import type { Bug } from '../bug.ts';

export const snapshotChecksumUnchecked: Bug = {
  id: 'snapshot-checksum-unchecked',
  title: 'a damaged snapshot is loaded',
  mechanism:
    'The checksums of a snapshot and the hash of the state in it are written and never looked ' +
    'at. A bit that has flipped in the file becomes the state of this node, and of those that ' +
    'get the file from it.',
  exposedBy: 'a bit that flips in a snapshot',
  workload: 'kv',
  args: [
    ...['--nemesis', 'corruption,until-snapshot,kill', '--nemesis-every', '50'],
    ...['--world', 'snapshot=20,trailing=0'],
  ],
  citations: [
    'Protocol-aware recovery, FAST 2018 ' +
      'https://www.usenix.org/conference/fast18/presentation/alagappan',
  ],
  rows: [],
  needs: 'sector',
  expect: [{ checker: 'convergence' }],
  edits: [
    {
      file: 'server/storage/snapshot-parser.ts',
      find: `    if (this.#held.readUInt32LE(position) === this.#checksum) return;
    throw this.#corrupt(0,`,
      replace: `    if (position >= 0) return;
    throw this.#corrupt(0,`,
    },
    {
      file: 'server/kv/snapshot-sink.ts',
      find: `    if (found.some((number, place) => number !== written[place])) {`,
      replace: `    if (found.length !== written.length) {`,
    },
  ],
};
