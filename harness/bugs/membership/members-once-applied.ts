/** A server that has restarted goes by the members of its snapshot until it applies newer ones. */
import type { Bug } from '../bug.ts';

export const membersOnceApplied: Bug = {
  id: 'members-once-applied',
  title: 'a restarted server stands for election by members that its own log has replaced',
  mechanism:
    'The configurations in the log that a server starts with come into force when they are ' +
    'applied once more. Nobody asks, before it stands or obeys a timeoutNow, whether there is ' +
    'one that is committed and not applied yet, and the votes of former members count.',
  exposedBy: 'changes of members, and a restart of those who have them in their logs',
  workload: 'register',
  args: ['--nemesis-schedule', 'members'],
  citations: [
    'raft-rs #221 https://github.com/tikv/raft-rs/issues/221',
    'raft-rs #226 https://github.com/tikv/raft-rs/pull/226',
    '[Raft §6]',
  ],
  rows: ['B32'],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants' }],
  edits: [
    {
      file: 'server/raft/configuration-history.ts',
      find: `  /** In force. */
  get current(): ConfigurationAt {
    return this.#later.at(-1) ?? this.#base;
  }`,
      replace: `  #appliedIndex = 0;
  #recoveredIndex = 0;

  /** In force. */
  get current(): ConfigurationAt {
    const inForce = ({ index }: ConfigurationAt): boolean =>
      index <= this.#appliedIndex || index > this.#recoveredIndex;
    return this.#later.findLast(inForce) ?? this.#base;
  }

  recover(entries: readonly Entry[]): void {
    this.append(entries);
    this.#recoveredIndex = entries.at(-1)?.index ?? 0;
  }

  /** The newest in the log. */
  get newest(): ConfigurationAt {
    return this.#later.at(-1) ?? this.#base;
  }

  applyTo(index: number): void {
    this.#appliedIndex = index;
  }`,
    },
    {
      file: 'server/raft/configuration-history.ts',
      find: `      if (entry.index <= this.current.index) {
        const facts = { index: entry.index, currentIndex: this.current.index };`,
      replace: `      if (entry.index <= this.newest.index) {
        const facts = { index: entry.index, currentIndex: this.newest.index };`,
    },
    {
      file: 'server/raft/configuration-history.ts',
      find: '    const before = this.#later.length;',
      replace: `    this.#recoveredIndex = Math.min(this.#recoveredIndex, index - 1);
    const before = this.#later.length;`,
    },
    {
      file: 'server/raft/core.ts',
      find: '  configurations.append(recovered.entries);',
      replace: '  configurations.recover(recovered.entries);',
    },
    {
      file: 'server/raft/role.ts',
      find: `  core.commitIndex = index;
`,
      replace: `  core.commitIndex = index;
  core.configurations.applyTo(index);
`,
    },
    {
      file: 'server/raft/replication.ts',
      find: `  core.commitIndex = index;
`,
      replace: `  core.commitIndex = index;
  core.configurations.applyTo(index);
`,
    },
    {
      file: 'server/raft/install-snapshot.ts',
      find: `  core.commitIndex = index;
`,
      replace: `  core.commitIndex = index;
  core.configurations.applyTo(index);
`,
    },
    {
      file: 'server/raft/membership.ts',
      find: '  if (!settled || index > core.commitIndex || isJoint(configuration)) return',
      replace: `  const waits = core.configurations.newest.index > core.commitIndex;
  if (!settled || waits || isJoint(configuration)) return`,
    },
    {
      file: 'server/raft/membership.ts',
      find: '  if (isJoint(configuration)) {',
      replace: '  if (isJoint(configuration) && core.configurations.newest.index === index) {',
    },
    {
      file: 'server/raft/invariants.ts',
      find: `  assert(same, 'the configuration in force is the newest in the log [Raft §6]', at);
`,
      replace: '',
    },
  ],
};
