/** The log is reset before the snapshot that takes its place is installed. */
import type { Bug } from '../bug.ts';

export const logResetFirst: Bug = {
  id: 'log-reset-first',
  title: 'a crash while a snapshot is installed leaves a gap',
  mechanism:
    'Of the two steps of an installation the log comes first: it is made to begin behind the ' +
    'snapshot, and only then is the snapshot made the current one. A crash between them ' +
    'leaves neither the entries nor the snapshot that holds them, and the node does not ' +
    'start.',
  exposedBy: 'a crash while a leader’s snapshot is installed: a window of a few milliseconds',
  workload: 'kv',
  args: [
    '--nemesis',
    'until-snapshot,crash-point,kill',
    '--nemesis-every',
    '100',
    '--world',
    'snapshot=20,trailing=0,segment=4',
  ],
  citations: ['camunda/zeebe #4587 https://github.com/camunda/camunda/issues/4587'],
  rows: ['B52'],
  needs: 'cluster',
  expect: [{ checker: 'exits' }],
  edits: [
    {
      file: 'server/storage/write-queue.ts',
      find: `    if (snapshot !== null) {
      steps.push(
        (done) => this.#snapshots.install(snapshot.lastIncludedIndex, done),
        (done) => {
          crashPoints.reach('snapshot.after-install-before-log-reset');
          done(null);
        },
      );
    }
    steps.push(
      (done) => {
        if (hasHardState)`,
      replace: `    steps.push(
      (done) => {
        if (hasHardState)`,
    },
    {
      file: 'server/storage/write-queue.ts',
      find: `        if (snapshot !== null) crashPoints.reach('snapshot.after-install');
        done(null);
      },
    );
    return steps;`,
      replace: `        done(null);
      },
    );
    if (snapshot !== null) {
      steps.push(
        (done) => {
          crashPoints.reach('snapshot.after-install-before-log-reset');
          this.#snapshots.install(snapshot.lastIncludedIndex, done);
        },
        (done) => {
          crashPoints.reach('snapshot.after-install');
          done(null);
        },
      );
    }
    return steps;`,
    },
  ],
};
