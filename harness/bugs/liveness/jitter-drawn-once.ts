/** The election timeout is drawn once, when the process starts. */
import type { Bug } from '../bug.ts';

export const jitterDrawnOnce: Bug = {
  id: 'jitter-drawn-once',
  title: 'two nodes with the same timeout split the votes for ever',
  mechanism:
    'A node draws its election timeout when it starts, and keeps it. Two survivors with the same ' +
    'one stand at the same moment, vote each for itself, and do so again and again.',
  exposedBy: 'a leader that is lost, so that the others must agree on one of them',
  workload: 'register',
  args: ['--nemesis', 'kill:leader', '--nodes', '3', '--world', 'heartbeat=1,election=3'],
  citations: [
    'EastGuard #120 https://github.com/f-rustrated/EastGuard/pull/120',
    'openraft #1838 https://github.com/databendlabs/openraft/pull/1838',
    '[Raft §5.2]',
  ],
  rows: ['B62'],
  needs: 'cluster',
  expect: [
    { checker: 'stability', says: /had a leader for|went through/ },
    { checker: 'recovery', says: /no change was acknowledged/, valid: 'unknown' },
  ],
  edits: [
    {
      file: 'server/raft/role.ts',
      find: '/** Draws a new timeout each time: one',
      replace: `const drawnTicks = new WeakMap<Core, number>();

/** Draws a new timeout each time: one`,
    },
    {
      file: 'server/raft/role.ts',
      find: `  const drawn = electionTimeoutTicks + Math.floor(random() * electionTimeoutTicks);
`,
      replace: `  const fresh = electionTimeoutTicks + Math.floor(random() * electionTimeoutTicks);
  const drawn = drawnTicks.get(core) ?? fresh;
  drawnTicks.set(core, drawn);
`,
    },
  ],
};
