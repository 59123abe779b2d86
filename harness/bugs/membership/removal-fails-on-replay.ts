/** A removal is an error when it is applied once more after a restart. */
import type { Bug } from '../bug.ts';

export const removalFailsOnReplay: Bug = {
  id: 'removal-fails-on-replay',
  title: 'a node cannot start with a removal in its log',
  mechanism:
    'A node begins with the members that its whole log leads to, and then applies the log, where ' +
    'a removal insists that the server is a member. After a restart it is none any more, and the ' +
    'node ends, at this start and at every later one.',
  exposedBy: 'a member that is removed, and a restart before the next snapshot',
  workload: 'register',
  args: ['--nemesis', 'members,kill', '--nemesis-every', '50'],
  citations: ['redisraft #48 https://github.com/RedisLabs/redisraft/issues/48'],
  rows: ['B38'],
  needs: 'cluster',
  expect: [{ checker: 'exits' }],
  edits: [
    {
      file: 'server/raft-driver.ts',
      find: '    this.#members = membersOf(configuration);',
      replace: '    this.#members = membersOf(this.raft.status().configuration.configuration);',
    },
    {
      file: 'server/raft-driver.ts',
      find: `    if (isJoint(configuration)) return;
`,
      replace: `    if (isJoint(configuration)) {
      const leaving = configuration.outgoingVoters.filter(
        (id) => !configuration.voters.includes(id),
      );
      const isStrange = leaving.some((id) => !this.#members.includes(id));
      if (isStrange && this.#members.length > 0) {
        throw new Error(\`entry \${entry.index} removes \${leaving.join()}, which is no member\`);
      }
      return;
    }
`,
    },
  ],
};
