/** A voter with an empty disk is let in under its old name. */
import type { Bug } from '../bug.ts';

export const wipedVoter: Bug = {
  id: 'wiped-voter',
  title: 'a voter that has lost its disk goes on under its name',
  mechanism:
    'Nobody remembers which data directory a peer had. One that comes back with an empty one is ' +
    'a voter as before, without the votes and the entries that others have counted.',
  exposedBy: 'a wiped node, and the leader killed or cut off before the node has caught up',
  workload: 'register',
  args: ['--nemesis', 'wipe,kill,partition', '--nodes', '3', '--nemesis-every', '50'],
  citations: [
    'openraft FAQ https://docs.rs/crate/openraft/0.10.0-alpha.18/source/src/docs/faq/' +
      '07-troubleshooting/04-wipe-node-data.md',
  ],
  rows: ['B35'],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants' }],
  edits: [
    {
      file: 'server/storage/identity-memory.ts',
      find: '    const known = this.#peers.get(id);',
      replace: '    const known = this.#peers.get(id) === directoryId ? directoryId : undefined;',
    },
  ],
};
