/** A read joins the round of confirmation that is under way already. */
import type { Bug } from '../bug.ts';

export const readJoinsRound: Bug = {
  id: 'read-joins-round',
  title: 'a read is confirmed by answers that left before it was asked',
  mechanism:
    'A read that comes while a round is under way does not wait for the next one. The answers ' +
    'that confirm it may have been given before it was asked, and another leader may have been ' +
    'elected in between.',
  exposedBy: 'answers to the leader that are late, and a partition from its successor',
  workload: 'register',
  args: ['--nemesis', 'hold,delay,partition:leader,pause:leader', '--nemesis-every', '100'],
  citations: ['etcd #21399 https://github.com/etcd-io/etcd/pull/21399', '[Ongaro §6.4]'],
  rows: ['B25'],
  needs: 'message',
  expect: [{ checker: 'raft-invariants', says: /reads/ }],
  edits: [
    {
      file: 'server/raft/read-index.ts',
      find: "  for (const id of ids) core.reads.waiting.push({ type: 'local', id });",
      replace: `  const joined = core.reads.unconfirmed.at(-1)?.origins ?? core.reads.waiting;
  for (const id of ids) (joined as ReadOrigin[]).push({ type: 'local', id });`,
    },
  ],
};
