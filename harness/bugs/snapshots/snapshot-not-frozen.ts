/** A snapshot holds changes that came after its index. */
import type { Bug } from '../bug.ts';

export const snapshotNotFrozen: Bug = {
  id: 'snapshot-not-frozen',
  title: 'entries behind a snapshot are in it already',
  mechanism:
    'What changes while a snapshot is written is not kept as it was when the snapshot began. ' +
    'Its last part holds what came later, and whoever comes up from it applies that again.',
  exposedBy: 'writes while a snapshot is written, then a restart; the more the larger the state is',
  workload: 'list-append',
  args: [
    '--nemesis',
    'kill',
    '--nemesis-every',
    '50',
    '--world',
    'snapshot=10,trailing=0,segment=4',
  ],
  citations: ['[Raft §7]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'convergence' }],
  edits: [
    {
      file: 'server/kv/keyspace.ts',
      find: `    if (!this.#snapshots.running || value.epoch >= this.#snapshots.current) return;
    this.#frozen.push(this.#freeze(place.name, value));`,
      replace: `    // Nothing is kept.`,
    },
    {
      file: 'server/kv/keyspace.ts',
      find: `throw new RangeError(\`\${this.#left} keys are lost to the snapshot\`);`,
      replace: "return 'end';",
    },
    {
      file: 'server/kv/snapshot-sink.ts',
      find: `    if (found.some((number, place) => number !== written[place])) {`,
      replace: `    if (found.length !== written.length) {`,
    },
  ],
};
