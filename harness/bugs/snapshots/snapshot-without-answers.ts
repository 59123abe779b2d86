/** Snapshots hold the sessions, and not what they have answered. */
import type { Bug } from '../bug.ts';

export const snapshotWithoutAnswers: Bug = {
  id: 'snapshot-without-answers',
  title: 'a call that is sent again is carried out twice after a snapshot',
  mechanism:
    'A snapshot tells which sessions there are, and not the answers that they remember. Who ' +
    'comes up from one takes a call that is sent again for a new one, and carries it out ' +
    'again; the others do not.',
  exposedBy: 'a restart, or a leader’s snapshot, between a call and its repetition',
  workload: 'sessions',
  args: [
    '--nemesis',
    'kill',
    '--nemesis-every',
    '100',
    '--world',
    'snapshot=20,trailing=0,segment=4',
  ],
  citations: ['atomix #1101 https://github.com/atomix/atomix/pull/1101'],
  rows: ['B56'],
  needs: 'cluster',
  expect: [{ checker: 'convergence' }],
  edits: [
    {
      file: 'server/kv/session.ts',
      find: `    const replies = [...this.#replies];`,
      replace: `    const replies: (readonly [number, Remembered])[] = [];`,
    },
    {
      file: 'server/kv/snapshot-sink.ts',
      find: `    if (found.some((number, place) => number !== written[place])) {`,
      replace: `    if (found.length !== written.length) {`,
    },
  ],
};
