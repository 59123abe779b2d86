/** A node answers a delete from a memory of keys that are not there. */
import type { Bug } from '../bug.ts';

export const deleteLocal: Bug = {
  id: 'delete-local',
  title: 'a delete is lost',
  mechanism:
    'A node remembers which keys it has looked for in vain, and forgets it only of those that ' +
    'it writes itself. A delete of one of them would change nothing, and spares itself the way ' +
    'through the log: but meanwhile another node may have written the key.',
  exposedBy: 'a key that is read before it is written, elsewhere; no fault is needed',
  workload: 'kv',
  args: [],
  citations: [
    '[Raft §8]: answered before the command is committed',
    'compare etcd #14370 https://github.com/etcd-io/etcd/issues/14370',
  ],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'linearizable' }],
  edits: [
    {
      file: 'server/node.ts',
      find: '  #nextId = 1;',
      replace: `  #nextId = 1;
  readonly #absent = new Set<string>();`,
    },
    {
      file: 'server/node.ts',
      find: '      reply(applier.stateMachine.read(command));',
      replace: `      const seen = applier.stateMachine.read(command);
      if (command.type === 'get' && seen.type === 'bulk' && seen.value === null) {
        this.#absent.add(Buffer.from(command.key).toString('latin1'));
      }
      reply(seen);`,
    },
    {
      file: 'server/node.ts',
      find: '    if (this.#queuedProposals.add(encodeCommand(',
      replace: `    const isAbsent = (key: Uint8Array): boolean =>
      this.#absent.has(Buffer.from(key).toString('latin1'));
    if (command.type === 'delete' && command.keys.every(isAbsent)) {
      reply({ type: 'integer', value: 0 });
      return;
    }
    if ('key' in command && this.#driver.raft.status().role === 'leader') {
      this.#absent.delete(Buffer.from(command.key).toString('latin1'));
    }
    if (this.#queuedProposals.add(encodeCommand(`,
    },
  ],
};
