/** A read of a key that is not there leaves an empty string under it. */
import type { Bug } from '../bug.ts';

export const readInsertsKey: Bug = {
  id: 'read-inserts-key',
  title: 'the state of one node differs, and no read shows it',
  mechanism:
    'GET looks a key up and makes it when it is not there. It still answers that there is ' +
    'none; but the node that has served the read holds a key that the others do not.',
  exposedBy: 'nothing that a client sees: only the hashes of the states at one index',
  workload: 'kv',
  args: ['--nemesis', 'none'],
  citations: ['[Fig. 3]: state machine safety; a read that changes the state of one node'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'convergence' }],
  edits: [
    {
      file: 'server/kv/read-commands.ts',
      find: `  const value = keyspace.get(placeOf(command.key));
  if (value !== undefined && value.type !== 'string') return wrongType;
  if (command.type === 'get') return { type: 'bulk', value: value?.bytes ?? null };`,
      replace: `  const place = placeOf(command.key);
  if (keyspace.get(place) === undefined) keyspace.insertString(place, new Uint8Array(0));
  const value = keyspace.get(place);
  if (value !== undefined && value.type !== 'string') return wrongType;
  const isEmpty = value === undefined || value.bytes.length === 0;
  if (command.type === 'get') return { type: 'bulk', value: isEmpty ? null : value.bytes };`,
    },
  ],
};
