/** A piece of a snapshot that is lost is not sent again. */
import type { Bug } from '../bug.ts';

export const lostChunk: Bug = {
  id: 'lost-chunk',
  title: 'a node waits for ever for a piece of a snapshot',
  mechanism:
    'The leader sends the next piece of a snapshot when the follower has answered the one ' +
    'before. If one or its answer is lost, neither asks again, and under this leader the ' +
    'follower gets nothing more.',
  exposedBy: 'a node that needs a snapshot, over links that lose messages',
  workload: 'register',
  args: ['--nemesis', 'until-snapshot,partition', '--world', 'drop=0.1,snapshot=20,trailing=0'],
  citations: ['[Fig. 13]'],
  rows: [],
  needs: 'cluster',
  expect: [
    { checker: 'progress', says: /did not apply the change/ },
    { checker: 'recovery', says: /did not apply the change/, valid: 'unknown' },
  ],
  edits: [
    {
      file: 'server/raft/progress.ts',
      find: `    this.#transfer.silentTicks += ticks;
    if (this.#transfer.silentTicks < silentTicksMax) return false;
    this.#transfer.silentTicks = 0;
    return true;`,
      replace: '    return ticks > silentTicksMax;',
    },
  ],
};
