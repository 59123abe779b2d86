/** A server goes by the members of what it knows to be committed, and stands for election so. */
import type { Bug } from '../bug.ts';

export const membersOnceApplied: Bug = {
  id: 'members-once-applied',
  title: 'a server stands for election by members that its own log has replaced',
  mechanism:
    'A configuration is in force where it has been applied, and not as soon as it is in the log. ' +
    'Nobody asks, before a server stands or obeys a timeoutNow, whether its log holds one that is ' +
    'committed and not applied yet; after a restart that is all of them since the snapshot.',
  exposedBy: 'changes of members, and a restart of who has them in its log',
  workload: 'register',
  args: ['--nemesis', 'members,kill,transfer,partition', '--nemesis-every', '50'],
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

  /** In force. */
  get current(): ConfigurationAt {
    return this.#later.findLast(({ index }) => index <= this.#appliedIndex) ?? this.#base;
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
      find: `  if (core.configurations.current.index !== index) {
    const facts = { index, currentIndex: core.configurations.current.index };
    throw new InvariantError('a configuration is in force as soon as it is in the log', facts);
  }
`,
      replace: '',
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
